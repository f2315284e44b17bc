# Chooses the slot that is booted, and boots it: U-Boot's commands (its old hush shell), made into boot.scr with
# mkimage -A arm64 -T script. uboot.env.txt runs it, and so does "bootflow scan" of other boards, which say by
# devtype and devnum what they boot from.
#
# The boot state is one sector, written whole, in the gap before the first partition. Linux's side of it is /etc/fw_env.config.
#   BOOT_ORDER             the slots that may be booted, the preferred one first
#   BOOT_A_LEFT, _B_LEFT   0: don't; 1 to 8: on trial, as many tries are left; 9: confirmed, no longer counted
# A slot on trial is counted down before it is tried, so that whatever hangs, panics or loses power is counted. A confirmed one is
# not, so that a device that is switched on and off quickly stays with the system it has. Who confirms a slot writes 9, who installs one 3:
# boot-attempts= and boot-attempts-primary= in /etc/rauc/system.conf. setexpr counts in hex, so there is nothing above 9.

test -n "${devtype}" || setenv devtype mmc
test -n "${devnum}" || setenv devnum 0
# A compressed kernel is unpacked there on its way to kernel_addr_r.
setexpr kernel_comp_addr_r ${ramdisk_addr_r} + 0x4000000

# More arguments for the kernel, for tests and for finding faults: at most 4 KiB.
setenv extra_args
if test -e ${devtype} ${devnum}:1 boot-args.txt; then
    load ${devtype} ${devnum}:1 ${ramdisk_addr_r} boot-args.txt 0x1000
    env import -t -r ${ramdisk_addr_r} ${filesize} extra_args
fi

# A state that cannot be read, or whose checksum is wrong, leaves these empty.
setenv BOOT_ORDER
setenv BOOT_A_LEFT
setenv BOOT_B_LEFT
${devtype} dev ${devnum}
if ${devtype} read ${ramdisk_addr_r} 0x400 1; then
    env import -c ${ramdisk_addr_r} 0x200 BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
fi

# The first round takes the state as it is. Where it leaves no slot, or none that can be read, the second begins with a new one:
# a device that tries for ever may be mended by what comes back, one that stops is dead.
for round in first second; do
    if test "${round}" = second -o -z "${BOOT_ORDER}" -o -z "${BOOT_A_LEFT}" -o -z "${BOOT_B_LEFT}"; then
        echo "calendarbot: the boot state begins anew"
        setenv BOOT_ORDER A B
        setenv BOOT_A_LEFT 3
        setenv BOOT_B_LEFT 3
    fi
    for slot in ${BOOT_ORDER}; do
        setenv left 0
        if test "${slot}" = A; then
            setenv left ${BOOT_A_LEFT}
            setenv part 2
        fi
        if test "${slot}" = B; then
            setenv left ${BOOT_B_LEFT}
            setenv part 3
        fi
        if test "${left}" -gt 0; then
            if test "${left}" -lt 9; then
                setexpr left ${left} - 1
                setenv BOOT_${slot}_LEFT ${left}
                env export -c -s 0x200 ${ramdisk_addr_r} BOOT_ORDER BOOT_A_LEFT BOOT_B_LEFT
                ${devtype} write ${ramdisk_addr_r} 0x400 1
            fi
            echo "calendarbot: slot ${slot}, ${left} left"
            setenv bootargs "console=tty1 console=ttyS1,115200 root=PARTUUID=43414c42-0${part} ro rootwait calendarbot.slot=${slot} panic=10 oops=panic quiet loglevel=3 ${extra_args}"
            if load ${devtype} ${devnum}:${part} ${kernel_addr_r} /boot/vmlinuz.gz; then
                setenv kernel_comp_size ${filesize}
                if load ${devtype} ${devnum}:${part} ${ramdisk_addr_r} /boot/initramfs; then
                    # The Zero 2 W alone: its watchdog runs from here on, 15.9 s at most, until Linux feeds it. Debian's U-Boot has no
                    # command for it: PM_WDOG gets the time, PM_RSTC what is to be done, each with its password.
                    if test "${board_revision}" = 0x902120; then
                        mw.l 0x3f100024 0x5a0fffff
                        mw.l 0x3f10001c 0x5a000020
                    fi
                    # It comes back only when this is no kernel.
                    booti ${kernel_addr_r} ${ramdisk_addr_r}:${filesize} ${fdt_addr}
                fi
            fi
            echo "calendarbot: slot ${slot} cannot be loaded"
        fi
    done
done

# Neither slot has a kernel. A card with a bad contact may have one later.
sleep 10
reset
