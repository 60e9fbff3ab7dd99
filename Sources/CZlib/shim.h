// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

#include <zlib.h>
