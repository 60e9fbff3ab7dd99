// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

#include <archive.h>
#include <archive_entry.h>

// archive_set_error(3) is variadic: the reader's source has failed, and says itself why.
static inline void trice_archive_fail(struct archive *archive) { archive_set_error(archive, -1, "the source failed"); }
