// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors
//
// Asks the resolver at 127.0.0.11 for addresses of name0 to nameN, one after the other, each 1 ms after the last answer, and
// prints the milliseconds of each answer, one a line, or `lost`. In C, so that ten of them leave the processors to the resolver.
// usage: ask SEED QUERIES NAMES
#include <arpa/inet.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

static double now(void) {
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return t.tv_sec * 1e3 + t.tv_nsec / 1e6;
}

int main(int argc, char **argv) {
  if (argc != 4) return 2;
  srandom(atoi(argv[1]));
  int queries = atoi(argv[2]), names = atoi(argv[3]);
  int client = socket(AF_INET, SOCK_DGRAM, 0);
  struct sockaddr_in server = {.sin_family = AF_INET, .sin_port = htons(53)};
  inet_pton(AF_INET, "127.0.0.11", &server.sin_addr);
  struct timeval patience = {.tv_sec = 2};
  setsockopt(client, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
  if (connect(client, (void *)&server, sizeof server) != 0) return perror("connect"), 1;
  for (int number = 0; number < queries; number++) {
    char name[32];
    int length = snprintf(name, sizeof name, "name%ld", random() % names);
    // A header that wants recursion and has one question (RFC 1035, 4.1.1); the name; A, IN.
    unsigned char query[64] = {number >> 8, number, 1, 0, 0, 1}, answer[4096];
    query[12] = length;
    memcpy(query + 13, name, length);
    memcpy(query + 13 + length, "\0\0\1\0\1", 5);
    double start = now();
    if (send(client, query, 18 + length, 0) < 0) return perror("send"), 1;
    ssize_t size = recv(client, answer, sizeof answer, 0);
    double end = now();
    // The same id, no error, one record.
    if (size >= 12 && answer[0] == query[0] && answer[1] == query[1] && (answer[3] & 15) == 0 && answer[7] == 1)
      printf("%f\n", end - start);
    else
      puts("lost");
    // As many ask as ten busy programs would; a flood measures the length of a queue.
    usleep(1000);
  }
}
