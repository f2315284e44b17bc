package page

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"path"
	"strings"
	"sync"
)

//go:embed assets
var files embed.FS

// asset is one file under /assets/.
type asset struct {
	body        []byte
	contentType string
	etag        string
}

// assets are the embedded files by the names under which they are served, and those names by the files' own.
type assets struct {
	served map[string]asset
	url    map[string]string
}

var loadAssets = sync.OnceValue(func() assets {
	a := assets{served: map[string]asset{}, url: map[string]string{}}
	types := map[string]string{".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml"}
	for _, name := range []string{"page.css", "page.js", "status.css", "update.js", "icon.svg"} {
		body, err := files.ReadFile("assets/" + name)
		if err != nil {
			panic(err) // the file is part of the program
		}
		sum := sha256.Sum256(body)
		ext := path.Ext(name)
		hashed := strings.TrimSuffix(name, ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.served[hashed] = asset{body: body, contentType: types[ext], etag: etagOf(body)}
		a.url[name] = "/assets/" + hashed
	}
	return a
})

// Asset returns the file served at /assets/NAME; body is nil when there is none. Names carry a hash of
// the content, so that an answer may be kept for ever.
func Asset(name string) (body []byte, contentType, etag string) {
	a := loadAssets().served[name]
	return a.body, a.contentType, a.etag
}
