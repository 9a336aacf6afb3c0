package keyvault

import (
	"cmp"
	"encoding/base64"
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strconv"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	"github.com/Azure/azure-sdk-for-go/sdk/security/keyvault/azsecrets"
)

const (
	pageSize = 25 // Azure's limit
	// One page in five is empty and still has a successor, the second of each
	// five, so that every listing longer than a page meets one.
	emptyEvery, emptyAt = 5, 1
)

// marker is what a $skiptoken carries.
type marker struct {
	NextMarker     int `json:"NextMarker"`
	TargetLocation int `json:"TargetLocation"`
}

func (m marker) String() string {
	data, err := json.Marshal(m)
	if err != nil {
		panic(err) // two integers
	}
	return base64.StdEncoding.EncodeToString(data)
}

func parseMarker(token string) (m marker, ok bool) {
	if token == "" {
		return marker{}, true
	}
	data, err := base64.StdEncoding.DecodeString(token)
	if err != nil || json.Unmarshal(data, &m) != nil || m.NextMarker < 0 {
		return marker{}, false
	}
	return m, true
}

func (v *Vault) serveList(w http.ResponseWriter, r *http.Request, c call) {
	var lines []func() any // made for the page only
	switch c.op {
	case ListSecrets:
		lines = v.secretLines()
	case ListDeletedSecrets:
		lines = v.deletedLines()
	case ListVersions:
		it := v.alive(c.name)
		if it == nil {
			notFound(c.name).write(w)
			return
		}
		lines = v.versionLines(it)
	}
	query := r.URL.Query()
	at, ok := parseMarker(query.Get("$skiptoken"))
	size, valid := parseSize(query.Get("maxresults"))
	if !ok || !valid {
		badParameter("The request URI contains an invalid skip token or page size.").write(w)
		return
	}
	from := min(at.NextMarker, len(lines))
	end := min(from+size, len(lines))
	if at.TargetLocation%emptyEvery == emptyAt {
		end = from
	}
	value := []any{}
	for _, line := range lines[from:end] {
		value = append(value, line())
	}
	page := map[string]any{"value": value, "nextLink": nil}
	if end < len(lines) {
		page["nextLink"] = nextLink(r, marker{NextMarker: end, TargetLocation: at.TargetLocation + 1}, size)
	}
	writeJSON(w, http.StatusOK, page)
}

func parseSize(text string) (int, bool) {
	if text == "" {
		return pageSize, true
	}
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 1 && n <= pageSize
}

// nextLink names the port even where it is the default, and does not escape
// the dollar sign or the token, both as Azure does.
func nextLink(r *http.Request, next marker, size int) string {
	host := r.Host
	if (&url.URL{Host: host}).Port() == "" {
		host += ":443"
	}
	return "https://" + host + r.URL.Path +
		"?api-version=" + r.URL.Query().Get("api-version") +
		"&$skiptoken=" + next.String() + "&maxresults=" + strconv.Itoa(size)
}

// sorted returns the vault's items by name, the living or the deleted ones.
func (v *Vault) sorted(deleted bool) []*item {
	var items []*item
	for _, name := range slices.Sorted(maps.Keys(v.items)) {
		if it := v.items[name]; it.deleted.IsZero() != deleted {
			items = append(items, it)
		}
	}
	return items
}

// secretLines lists disabled secrets too, and ids without a version.
func (v *Vault) secretLines() []func() any {
	var lines []func() any
	for _, it := range v.sorted(false) {
		lines = append(lines, func() any { return v.properties(it.latest(), v.url("secrets", it.name)) })
	}
	return lines
}

func (v *Vault) versionLines(it *item) []func() any {
	versions := slices.Clone(it.versions)
	slices.SortFunc(versions, func(a, b Secret) int { return cmp.Compare(a.Version, b.Version) })
	var lines []func() any
	for _, s := range versions {
		lines = append(lines, func() any { return v.properties(&s, v.url("secrets", it.name, s.Version)) })
	}
	return lines
}

func (v *Vault) deletedLines() []func() any {
	var lines []func() any
	for _, it := range v.sorted(true) {
		lines = append(lines, func() any {
			s := it.latest()
			return &azsecrets.DeletedSecretProperties{
				ID:                 to.Ptr(azsecrets.ID(v.url("secrets", it.name))),
				Attributes:         attributes(s),
				ContentType:        optional(s.ContentType),
				Tags:               tags(s),
				Managed:            optional(s.Managed),
				RecoveryID:         to.Ptr(v.url("deletedsecrets", it.name)),
				DeletedDate:        to.Ptr(it.deleted),
				ScheduledPurgeDate: to.Ptr(it.deleted.Add(retention)),
			}
		})
	}
	return lines
}
