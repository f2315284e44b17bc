package main

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
	"time"
)

// repository is a list of operating systems as Raspberry Pi Imager reads it: doc/json-schema/os-list-schema.json and
// doc/os_customisation_formats.md of its source, version 2. It opens a file of this kind by its ending.
type repository struct {
	Imager struct {
		Devices []device `json:"devices"`
	} `json:"imager"`
	Systems []operatingSystem `json:"os_list"`
}

// device is a board that Imager offers; without any it would not ask, and show the image for none.
type device struct {
	Name         string   `json:"name"`
	Description  string   `json:"description"`
	Icon         string   `json:"icon"`
	Tags         []string `json:"tags"`
	Matching     string   `json:"matching_type"`
	Capabilities []string `json:"capabilities"`
	Default      bool     `json:"default"`
}

// operatingSystem is an image that Imager offers.
type operatingSystem struct {
	Name           string   `json:"name"`
	Description    string   `json:"description"`
	Icon           string   `json:"icon"`
	URL            string   `json:"url"`
	ExtractSize    int64    `json:"extract_size"` // in bytes, as the other size
	ExtractSHA256  string   `json:"extract_sha256"`
	DownloadSize   int64    `json:"image_download_size"`
	DownloadSHA256 string   `json:"image_download_sha256"`
	ReleaseDate    string   `json:"release_date"`
	InitFormat     string   `json:"init_format"`
	Devices        []string `json:"devices"`
	Capabilities   []string `json:"capabilities"`
	Architecture   string   `json:"architecture"`
}

const (
	// tag is what Imager calls boards that run the image: that of the Raspberry Pi 3, whose processor the Zero 2 W has.
	tag = "pi3-64bit"
	// initFormat makes Imager offer its settings and write them as rpi-preseed.toml, which the first boot reads.
	initFormat = "rpi-preseed"
)

// list is the repository with one image in it.
func list(p product, icon []byte) repository {
	var r repository
	r.Imager.Devices = []device{{
		Name: "Raspberry Pi Zero 2 W", Description: "The board that CalendarBot is made for",
		Tags: []string{tag}, Matching: "exclusive", Capabilities: []string{}, Default: true,
	}}
	description := "A calendar for the wall, version " + p.version
	if len(p.missing) > 0 {
		description += "; no Wi-Fi on second-revision boards"
	}
	r.Systems = []operatingSystem{{
		Name: "CalendarBot", Description: description, Icon: inline(icon), URL: p.url,
		ExtractSize: p.image.size, ExtractSHA256: p.image.sha256, DownloadSize: p.download.size, DownloadSHA256: p.download.sha256,
		ReleaseDate: p.date.Format(time.DateOnly), InitFormat: initFormat, Devices: []string{tag}, Capabilities: []string{}, Architecture: "armv8",
	}}
	return r
}

// encode is the repository as a file.
func (r repository) encode() ([]byte, error) {
	text, err := json.MarshalIndent(r, "", "  ")
	if err != nil {
		return nil, fmt.Errorf("write the list for Imager: %w", err)
	}
	return append(text, '\n'), nil
}

// inline makes an address of a drawing that needs no network.
func inline(svg []byte) string {
	return "data:image/svg+xml;base64," + base64.StdEncoding.EncodeToString(svg)
}

// address is where the download is: under a base, or else where it is on this machine.
func address(base, download string) (string, error) {
	if base != "" {
		parsed, err := url.Parse(base)
		if err != nil || (parsed.Scheme != "https" && parsed.Scheme != "http") || parsed.Host == "" {
			return "", fmt.Errorf("read the base of the download's address: want one that begins with https://, got %q", base)
		}
		return strings.TrimSuffix(base, "/") + "/" + url.PathEscape(filepath.Base(download)), nil
	}
	full, err := filepath.Abs(download)
	if err != nil {
		return "", fmt.Errorf("find the download: %w", err)
	}
	return (&url.URL{Scheme: "file", Path: full}).String(), nil
}
