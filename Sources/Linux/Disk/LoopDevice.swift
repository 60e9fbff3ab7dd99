// SPDX-License-Identifier: Apache-2.0
// SPDX-FileCopyrightText: The trice authors

import CLinux
import Glibc

/// A block device whose content is a file, loop(4). It is free again when nobody has it open or mounted.
package struct LoopDevice {
    package let path: String
    private let device: Descriptor

    package static let control = "/dev/loop-control"

    package init(file path: String) throws(SystemError) {
        let file = try Descriptor.open(path, O_RDWR)
        let control = try Descriptor.open(LoopDevice.control, O_RDWR)
        while true {
            let number = try check("ioctl LOOP_CTL_GET_FREE") { trice_loop_free(control.raw) }
            let device = try Descriptor.open("/dev/loop\(number)", O_RDWR)
            if trice_loop_configure(device.raw, file.raw) == 0 {
                (self.path, self.device) = ("/dev/loop\(number)", device)
                return
            }
            // Another took it meanwhile.
            guard errno == EBUSY else { throw SystemError("ioctl LOOP_CONFIGURE", path) }
        }
    }
}
