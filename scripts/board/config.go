package board

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// The most letters that the firmware reads of a line of config.txt, and the most files that include each other.
const (
	maxConfigLine = 98
	maxIncludes   = 4
)

// Setting is one of config.txt, with its line as "config.txt:3".
type Setting struct{ Key, Value, Line string }

// Config reads a config.txt as the firmware of a Zero 2 W does: what is under a filter of another board does not count,
// and include takes in another file. It returns what counts, the last of a key last, and a sentence for each mistake.
// The format and the keys are those of https://www.raspberrypi.com/documentation/computers/config_txt.html.
func Config(name string, read func(name string) (string, error)) (settings []Setting, mistakes []string) {
	c := &configuration{read: read}
	c.file(name, 0)
	return c.settings, c.mistakes
}

// Last is the value of a key that holds, "" when it is not set.
func Last(settings []Setting, key string) string {
	value := ""
	for _, s := range settings {
		if s.Key == key {
			value = s.Value
		}
	}
	return value
}

type configuration struct {
	read     func(string) (string, error)
	settings []Setting
	mistakes []string
}

func (c *configuration) file(name string, depth int) {
	if depth == maxIncludes {
		c.mistake(name, "more than %d files include each other", maxIncludes)
		return
	}
	text, err := c.read(name)
	if err != nil {
		c.mistake(name, "it cannot be read: %v", err)
		return
	}
	counts := true // the filters hold from their line to the next, in this file
	number := 0
	for line := range strings.Lines(text) {
		number++
		at := name + ":" + strconv.Itoa(number)
		line = strings.TrimSpace(line)
		switch {
		case line == "", strings.HasPrefix(line, "#"):
		case len(line) > maxConfigLine:
			c.mistake(at, "the line has %d letters; the firmware reads %d", len(line), maxConfigLine)
		case strings.HasPrefix(line, "["):
			filter, closed := strings.CutSuffix(line[1:], "]")
			if !closed {
				c.mistake(at, "the filter %s has no end", line)
			}
			counts = c.filter(at, filter)
		case strings.HasPrefix(line, "include "):
			if counts {
				c.file(strings.TrimSpace(strings.TrimPrefix(line, "include ")), depth+1)
			}
		default:
			c.setting(at, line, counts)
		}
	}
}

// filter tells whether the lines after a filter count on a Zero 2 W.
func (c *configuration) filter(at, filter string) bool {
	// What hangs on a screen, a pin or a serial number is not so on every board.
	for _, kind := range []string{"EDID=", "gpio", "0x", "partition=", "boot_count", "HDMI:"} {
		if strings.HasPrefix(filter, kind) {
			return false
		}
	}
	switch filter {
	case "all", "pi0", "pi0w", "pi02", "board-type=0x12":
		return true
	case "none", "tryboot", "pi1", "pi2", "pi3", "pi3+", "pi4", "pi400", "pi5", "pi500",
		"cm1", "cm3", "cm3+", "cm4", "cm4s", "cm5", "cm0":
		return false
	}
	c.mistake(at, "there is no filter [%s]", filter)
	return false
}

func (c *configuration) setting(at, line string, counts bool) {
	key, value, ok := strings.Cut(line, "=")
	key, value = strings.TrimSpace(key), strings.TrimSpace(value)
	if !ok || value == "" {
		// dtoverlay= alone ends the parameters of the one before.
		if !ok || key != "dtoverlay" {
			c.mistake(at, "%q is no KEY=VALUE", line)
			return
		}
	}
	base, _, _ := strings.Cut(key, ":") // hdmi_mode:1 is of the second screen
	allowed, known := keys()[base]
	switch {
	case !known:
		c.mistake(at, "the firmware of a Zero 2 W knows no %q", key)
	case !allowed(value):
		c.mistake(at, "%s cannot be %q", key, value)
	case counts:
		c.settings = append(c.settings, Setting{key, value, at})
	}
}

func (c *configuration) mistake(at, format string, args ...any) {
	c.mistakes = append(c.mistakes, at+": "+fmt.Sprintf(format, args...))
}

// keys are those that mean something on a Zero 2 W, with the values they take.
func keys() map[string]func(string) bool {
	all := map[string]func(string) bool{}
	for _, kind := range []struct {
		allowed func(string) bool
		keys    string
	}{
		{flag, `arm_64bit upstream_kernel enable_uart disable_splash hdmi_force_hotplug hdmi_ignore_hotplug disable_overscan
			hdmi_drive_audio avoid_safe_mode force_turbo uart_2ndstage camera_auto_detect display_auto_detect auto_initramfs
			disable_fw_kms_setup disable_poe_fan enable_tvout start_x start_debug dtdebug arm_boost kernel_watchdog ignore_lcd
			hdmi_force_edid_audio hdmi_blanking hdmi_ignore_edid_audio enable_jtag_gpio bootloader_update force_eeprom_read
			disable_commandline_tags disable_touchscreen core_freq_fixed framebuffer_ignore_alpha`},
		{number, `gpu_mem gpu_mem_256 gpu_mem_512 gpu_mem_1024 boot_delay boot_delay_ms hdmi_group hdmi_mode hdmi_drive hdmi_boost
			hdmi_pixel_encoding hdmi_max_pixel_freq config_hdmi_boost sdtv_mode sdtv_aspect sdtv_disable_colourburst
			overscan_left overscan_right overscan_top overscan_bottom overscan_scale framebuffer_width framebuffer_height
			framebuffer_depth max_framebuffers max_framebuffer_width max_framebuffer_height display_hdmi_rotate display_rotate
			lcd_rotate arm_freq arm_freq_min core_freq core_freq_min gpu_freq gpu_freq_min h264_freq isp_freq v3d_freq sdram_freq
			sdram_freq_min over_voltage over_voltage_min over_voltage_sdram temp_limit temp_soft_limit initial_turbo total_mem
			init_uart_baud init_uart_clock kernel_address device_tree_address device_tree_end initramfs_address
			kernel_watchdog_timeout kernel_watchdog_partition max_usb_current pcie_tolerate enable_dpi_lcd dpi_group dpi_mode`},
		{word, `kernel device_tree cmdline start_file fixup_file os_prefix overlay_prefix initramfs ramfsfile armstub dtparam dtoverlay
			gpio hdmi_cvt hdmi_timings hdmi_edid_file hdmi_edid_filename decode_MPG2 decode_WVC1 dpi_timings dpi_output_format`},
	} {
		for key := range strings.FieldsSeq(kind.keys) {
			all[key] = kind.allowed
		}
	}
	return all
}

func flag(value string) bool { return slices.Contains([]string{"0", "1"}, value) }

func number(value string) bool {
	_, err := strconv.ParseInt(value, 0, 32)
	return err == nil
}

func word(string) bool { return true }
