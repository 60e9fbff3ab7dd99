// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

// Apart from the rest, as linux/fs.h and sys/mount.h name the same things.
#define _GNU_SOURCE
#include <linux/dqblk_xfs.h>
#include <linux/fs.h>
#include <linux/loop.h>
#include <linux/quota.h>
#include <stdint.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

int trice_project(int directory, uint32_t *project) {
    struct fsxattr attributes;
    if (ioctl(directory, FS_IOC_FSGETXATTR, &attributes) < 0) return -1;
    *project = attributes.fsx_projid;
    return 0;
}
int trice_set_project(int directory, uint32_t project) {
    struct fsxattr attributes;
    if (ioctl(directory, FS_IOC_FSGETXATTR, &attributes) < 0) return -1;
    attributes.fsx_projid = project;
    attributes.fsx_xflags |= FS_XFLAG_PROJINHERIT;
    return ioctl(directory, FS_IOC_FSSETXATTR, &attributes);
}

static int project_quota(int directory, int command, uint32_t project, void *data) {
    return (int)syscall(SYS_quotactl_fd, directory, QCMD(command, PRJQUOTA), project, data);
}
int trice_project_quota_enforced(int directory) {
    struct fs_quota_stat state;
    memset(&state, 0, sizeof state);
    if (project_quota(directory, Q_XGETQSTAT, 0, &state) < 0) return -1;
    return (state.qs_flags & FS_QUOTA_PDQ_ENFD) != 0;
}
int trice_project_quota(int directory, uint32_t project, uint64_t *limit, uint64_t *used) {
    struct if_dqblk quota;
    memset(&quota, 0, sizeof quota);
    if (project_quota(directory, Q_GETQUOTA, project, &quota) < 0) return -1;
    *limit = quota.dqb_bhardlimit * QIF_DQBLKSIZE;
    *used = quota.dqb_curspace;
    return 0;
}
int trice_set_project_quota(int directory, uint32_t project, uint64_t limit) {
    struct if_dqblk quota;
    memset(&quota, 0, sizeof quota);
    quota.dqb_bhardlimit = limit / QIF_DQBLKSIZE;
    quota.dqb_valid = QIF_BLIMITS;
    return project_quota(directory, Q_SETQUOTA, project, &quota);
}

int trice_loop_free(int control) { return ioctl(control, LOOP_CTL_GET_FREE); }
int trice_loop_configure(int device, int file) {
    struct loop_config config;
    memset(&config, 0, sizeof config);
    config.fd = (uint32_t)file;
    config.info.lo_flags = LO_FLAGS_AUTOCLEAR;
    return ioctl(device, LOOP_CONFIGURE, &config);
}
