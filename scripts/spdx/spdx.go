// Package spdx writes bills of material: what a product is made of, as SPDX 2.3 in JSON
// (https://spdx.github.io/spdx-spec/v2.3/), as far as it is used here.
package spdx

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
)

// Document is one bill of material.
type Document struct {
	SPDXID        string         `json:"SPDXID"`
	Version       string         `json:"spdxVersion"`
	License       string         `json:"dataLicense"`
	Name          string         `json:"name"`
	Namespace     string         `json:"documentNamespace"`
	Creation      Creation       `json:"creationInfo"`
	Packages      []Part         `json:"packages"`
	Relationships []Relationship `json:"relationships"`
}

// Creation is when the bill was made, as "2026-11-22T00:00:00Z", and by whom.
type Creation struct {
	Created  string   `json:"created"`
	Creators []string `json:"creators"`
}

// Part is what SPDX calls a package: a product, or something that is in it.
type Part struct {
	SPDXID     string      `json:"SPDXID"`
	Name       string      `json:"name"`
	Version    string      `json:"versionInfo,omitempty"`
	Supplier   string      `json:"supplier,omitempty"`
	Location   string      `json:"downloadLocation"`
	Analyzed   bool        `json:"filesAnalyzed"`
	File       string      `json:"packageFileName,omitempty"`
	Checksums  []Checksum  `json:"checksums,omitempty"`
	Concluded  string      `json:"licenseConcluded"`
	Declared   string      `json:"licenseDeclared"`
	Comments   string      `json:"licenseComments,omitempty"` // on both licences, in words
	Copyright  string      `json:"copyrightText"`
	Source     string      `json:"sourceInfo,omitempty"`
	Purpose    string      `json:"primaryPackagePurpose,omitempty"`
	References []Reference `json:"externalRefs,omitempty"`
}

// Checksum is one of a file.
type Checksum struct {
	Algorithm string `json:"algorithm"`
	Value     string `json:"checksumValue"`
}

// Reference is a part's name elsewhere.
type Reference struct {
	Category string `json:"referenceCategory"`
	Type     string `json:"referenceType"`
	Locator  string `json:"referenceLocator"`
}

// Relationship says what a part is to another one, both by their SPDXID.
type Relationship struct {
	From string `json:"spdxElementId"`
	Type string `json:"relationshipType"`
	To   string `json:"relatedSpdxElement"`
}

// NoAssertion is SPDX's word for what nobody looked at.
const NoAssertion = "NOASSERTION"

// New begins a document about a product, which must be the first of the parts. It is named after the product's own
// bytes, so that each has one: mark is their SHA-256.
func New(name, mark, created, tool string, parts []Part, relationships []Relationship) Document {
	return Document{
		SPDXID: "SPDXRef-DOCUMENT", Version: "SPDX-2.3", License: "CC0-1.0", Name: name,
		Namespace:     "https://spdx.org/spdxdocs/" + name + "-" + mark,
		Creation:      Creation{created, []string{"Tool: " + tool, "Organization: CalendarBot"}},
		Packages:      parts,
		Relationships: append([]Relationship{{"SPDXRef-DOCUMENT", "DESCRIBES", parts[0].SPDXID}}, relationships...),
	}
}

// Check returns what is wrong with a document: parts that are there twice, that lack what SPDX asks for, or that
// relationships tell of and nobody knows.
func (d Document) Check() error {
	var faults []error
	known := map[string]bool{d.SPDXID: true}
	for _, p := range d.Packages {
		if known[p.SPDXID] || !regexp.MustCompile(`^SPDXRef-[A-Za-z0-9.-]+$`).MatchString(p.SPDXID) {
			faults = append(faults, fmt.Errorf("%q is there twice, or no identifier", p.SPDXID))
		}
		known[p.SPDXID] = true
		if p.Name == "" || p.Location == "" || p.Concluded == "" || p.Declared == "" || p.Copyright == "" {
			faults = append(faults, fmt.Errorf("%s lacks its name, place, licence or copyright", p.SPDXID))
		}
		for _, c := range p.Checksums {
			if c.Algorithm != "SHA256" || !regexp.MustCompile(`^[0-9a-f]{64}$`).MatchString(c.Value) {
				faults = append(faults, fmt.Errorf("%s has the checksum %v", p.SPDXID, c))
			}
		}
	}
	for _, r := range d.Relationships {
		if !known[r.From] || !known[r.To] {
			faults = append(faults, fmt.Errorf("%v is about what is not there", r))
		}
	}
	if _, err := time.Parse("2006-01-02T15:04:05Z", d.Creation.Created); err != nil {
		faults = append(faults, fmt.Errorf("read when it was made: %w", err))
	}
	return errors.Join(faults...)
}

// Encode returns the document as a file. One that is not valid is an error.
func (d Document) Encode() ([]byte, error) {
	if err := d.Check(); err != nil {
		return nil, fmt.Errorf("check the bill of material: %w", err)
	}
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	encoder.SetIndent("", " ")
	if err := encoder.Encode(d); err != nil {
		return nil, fmt.Errorf("write the bill of material: %w", err)
	}
	return text.Bytes(), nil
}

// ID makes an SPDXID of the words that tell a part from others.
func ID(words ...string) string {
	return "SPDXRef-" + regexp.MustCompile(`[^A-Za-z0-9.]+`).ReplaceAllString(strings.Join(words, "-"), "-")
}

// PackageURL is a reference by a package URL (https://github.com/package-url/purl-spec).
func PackageURL(locator string) []Reference {
	return []Reference{{"PACKAGE-MANAGER", "purl", strings.ReplaceAll(locator, "+", "%2B")}}
}
