package board

import (
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestConfig(t *testing.T) {
	for name, c := range map[string]struct {
		text     string
		settings string // "key=value key=value"
		mistakes []string
	}{
		"plain":             {"# words\narm_64bit=1\nkernel=u-boot.bin\n", "arm_64bit=1 kernel=u-boot.bin", nil},
		"filters":           {"[pi4]\ngpu_mem=16\n[pi02]\ngpu_mem=32\n[none]\ngpu_mem=64\n[all]\nboot_delay=0\n", "gpu_mem=32 boot_delay=0", nil},
		"the last holds":    {"gpu_mem=16\ngpu_mem=0x20\n", "gpu_mem=16 gpu_mem=0x20", nil},
		"second screen":     {"hdmi_mode:1=4\n", "hdmi_mode:1=4", nil},
		"overlay ended":     {"dtoverlay=disable-bt\ndtoverlay=\n", "dtoverlay=disable-bt dtoverlay=", nil},
		"included":          {"include more.txt\nenable_uart=1\n", "boot_delay=1 enable_uart=1", nil},
		"not included":      {"[pi4]\ninclude lost.txt\n", "", nil},
		"unknown key":       {"arm_65bit=1\n", "", []string{`config.txt:1: the firmware of a Zero 2 W knows no "arm_65bit"`}},
		"unknown elsewhere": {"[pi5]\nnonsense=1\n", "", []string{`config.txt:2: the firmware of a Zero 2 W knows no "nonsense"`}},
		"no flag":           {"\nenable_uart=yes\n", "", []string{`config.txt:2: enable_uart cannot be "yes"`}},
		"no number":         {"gpu_mem=32M\n", "", []string{`config.txt:1: gpu_mem cannot be "32M"`}},
		"no value":          {"kernel=\n", "", []string{`config.txt:1: "kernel=" is no KEY=VALUE`}},
		"no setting":        {"kernel u-boot.bin\n", "", []string{`config.txt:1: "kernel u-boot.bin" is no KEY=VALUE`}},
		"unknown filter":    {"[zero2]\nboot_delay=0\n", "", []string{"config.txt:1: there is no filter [zero2]"}},
		"open filter":       {"[pi02\nboot_delay=0\n", "boot_delay=0", []string{"config.txt:1: the filter [pi02 has no end"}},
		"lost":              {"include lost.txt\n", "", []string{"lost.txt: it cannot be read: there is no lost.txt"}},
		"round and round":   {"include config.txt\n", "", []string{"config.txt: more than 4 files include each other"}},
		"too long":          {"kernel=" + strings.Repeat("x", 92) + "\n", "", []string{"config.txt:1: the line has 99 letters; the firmware reads 98"}},
	} {
		t.Run(name, func(t *testing.T) {
			files := map[string]string{"config.txt": c.text, "more.txt": "boot_delay=1\n"}
			settings, mistakes := Config("config.txt", func(name string) (string, error) {
				text, there := files[name]
				if !there {
					return "", fmt.Errorf("there is no %s", name)
				}
				return text, nil
			})
			var got []string
			for _, s := range settings {
				got = append(got, s.Key+"="+s.Value)
			}
			if text := strings.Join(got, " "); text != c.settings {
				t.Errorf("got %q, want %q", text, c.settings)
			}
			if !slices.Equal(mistakes, c.mistakes) {
				t.Errorf("got %q, want %q", mistakes, c.mistakes)
			}
		})
	}
}

// FuzzConfig reads whatever a person may write there.
func FuzzConfig(f *testing.F) {
	f.Add("arm_64bit=1\n[pi02]\ninclude config.txt\ndtoverlay=\n")
	f.Fuzz(func(t *testing.T, text string) {
		settings, mistakes := Config("config.txt", func(string) (string, error) { return text, nil })
		for _, s := range settings {
			if s.Key == "" || s.Line == "" {
				t.Errorf("a setting without its key or line: %+v", s)
			}
		}
		for _, m := range mistakes {
			if !strings.HasPrefix(m, "config.txt") {
				t.Errorf("%q does not say where", m)
			}
		}
	})
}
