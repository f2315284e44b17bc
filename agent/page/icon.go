package page

import "path"

// Icon returns the sign of the pages, for those who ask for it by another name than its asset's.
func Icon() (body []byte, contentType, etag string) {
	return Asset(path.Base(loadAssets().url["icon.svg"]))
}
