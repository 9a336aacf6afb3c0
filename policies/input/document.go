// Package input is the document that Rego sees: everything Go found out about
// one object, the store it belongs to, its peers and the vault, at one moment.
// It holds facts only and is pure. Every field is always present, so that a
// rule which reads a field never means "undefined" by mistake; schema/input.json
// is made from these types, and a misspelt field in a rule is a compile error.
package input

// State tells how far an entry could be followed; rules declare the state they
// judge, so that one cause gives one finding.
type State string

// The closed list of states.
const (
	Malformed   State = "malformed"   // its structure is wrong: nothing further is judged
	Unresolved  State = "unresolved"  // no SecretProviderClass offers what it names
	Unseen      State = "unseen"      // the vault did not show it: see the problem
	Undecodable State = "undecodable" // its value is not in the encoding that is declared
	Decoded     State = "decoded"     // its bytes are known
)

// Document is the input of one evaluation.
type Document struct {
	Operation string `json:"operation"` // create, update, delete or audit
	Now       int64  `json:"now"`       // Unix seconds
	// VaultAsked is false where no vault was given: contents are then unseen by
	// choice.
	VaultAsked bool          `json:"vault_asked"`
	Subject    Subject       `json:"subject"`
	Store      Store         `json:"store"`
	SPC        ProviderClass `json:"spc"`
	Sync       Sync          `json:"sync"`
	Secret     Secret        `json:"secret"`
	// Removed lists what the change takes away though peers refer to it.
	Removed []Removed `json:"removed"`
	// Entries are the objects of a SecretProviderClass, the mappings of a
	// SecretSync or the keys of a Secret, in their own order.
	Entries []Entry `json:"entries"`
	// Certificates, CRLs and Keys are what the decoded entries hold.
	Certificates []Certificate `json:"certificates"`
	CRLs         []CRL         `json:"crls"`
	Keys         []Key         `json:"keys"`
	// Unverified groups the entries whose contents were not seen, by reason and code.
	Unverified []Unverified `json:"unverified"`
	// Endpoints are a Device's; References are where it, or a ConnectorTemplate,
	// names a Secret.
	Endpoints  []Endpoint  `json:"endpoints"`
	References []Reference `json:"references"`
	// Referrers are the Devices and ConnectorTemplates that name the subject, a
	// SecretSync or a Secret.
	Referrers []Referrer `json:"referrers"`
	// Issuance is what a cert-manager Certificate asks for.
	Issuance Issuance `json:"issuance"`
	// Exceptions are those of the configuration that may silence a finding about
	// the subject.
	Exceptions []Exception `json:"exceptions"`
}

// Exception silences a rule's findings until a moment.
type Exception struct {
	Code   string `json:"code"`
	Entry  string `json:"entry"` // "" for all
	Reason string `json:"reason"`
	Until  int64  `json:"until"` // Unix seconds
}

// Subject is the object under judgement.
type Subject struct {
	Kind      string `json:"kind"`
	Namespace string `json:"namespace"`
	Name      string `json:"name"`
	// Projected is whether Azure keeps the object and writes it anew, Changed
	// whether this update changes what it says.
	Projected bool `json:"projected"`
	Changed   bool `json:"changed"`
}

// Store is the store that a SecretSync or Secret is.
type Store struct {
	Role string `json:"role"` // "" if unknown
	// Reserved is the role that the name alone stands for, "" if none.
	Reserved string `json:"reserved"`
	// Guarded is whether connectors run in the namespace; Namespace is the first
	// one where they do.
	Guarded   bool   `json:"guarded"`
	Namespace string `json:"namespace"`
	// Title is the role in words.
	Title string `json:"title"`
	// Near is the reserved name that the object's own name probably means, "" if
	// none.
	Near string `json:"near"`
	// Trust names the trust list that an issuer list or a client store goes with,
	// Issuers the issuer list that a trust list or a client store goes with.
	// TrustState is seen, empty, absent or unseen.
	Trust      string `json:"trust"`
	TrustState string `json:"trust_state"`
	Issuers    string `json:"issuers"`
	// Syncs is whether the namespace of a Device or a ConnectorTemplate is known
	// to have any SecretSync.
	Syncs bool `json:"syncs"`
}

// ProviderClass is a SecretProviderClass: the subject, or the one that the
// subject SecretSync refers to.
type ProviderClass struct {
	Name          string    `json:"name"`
	Provider      string    `json:"provider"`
	NearAzure     bool      `json:"near_azure"` // the provider is empty or "azure" but for case or two letters
	HasParameters bool      `json:"has_parameters"`
	Vault         Parameter `json:"vault"`
	Tenant        Parameter `json:"tenant"`
	Client        Parameter `json:"client"`
	// ObjectsTrouble is "", missing, empty or unparseable.
	ObjectsTrouble string `json:"objects_trouble"`
	ObjectsMessage string `json:"objects_message"`
	// HadObjects is whether the object before this update had entries.
	HadObjects bool `json:"had_objects"`
	// UsedBy names the SecretSyncs that refer to it, sorted.
	UsedBy []string `json:"used_by"`
	// Missed is whether one of them maps something that it does not offer.
	Missed bool   `json:"missed"`
	Cloud  string `json:"cloud"` // cloudName
	// IgnoredTenant is the other value where both spellings of the tenant are set.
	IgnoredTenant string `json:"ignored_tenant"`
	// ClientSpelling is a key like clientID in another case, "" if there is none.
	ClientSpelling string `json:"client_spelling"`
	// Modes are the identity switches that are set.
	Modes []Mode `json:"modes"`
	// SecretObjects are the Secrets that the CSI driver is to make.
	SecretObjects []SecretObject `json:"secret_objects"`
	// Instance names the class that Azure IoT Operations made for the whole
	// instance, and InstanceVault its vault: "" where this is it, where there is
	// none, or where there are several that differ.
	Instance      string `json:"instance"`
	InstanceVault string `json:"instance_vault"`
	// VaultSpelling is how another class spells the same vault, "" if as this one.
	VaultSpelling string `json:"vault_spelling"`
}

// Mode is an identity switch of a SecretProviderClass.
type Mode struct {
	Name  string `json:"name"`
	Value string `json:"value"`
	On    bool   `json:"on"`
	Legal bool   `json:"legal"` // the value is true or false to the provider
}

// SecretObject is a Secret that the CSI driver is to make.
type SecretObject struct {
	Name  string `json:"name"`
	Field string `json:"field"`
	// Synced is whether a SecretSync makes a Secret of this name too.
	Synced bool `json:"synced"`
}

// Parameter is one key of spec.parameters.
type Parameter struct {
	Value string `json:"value"`
	Field string `json:"field"`
	Set   bool   `json:"set"`
}

// Sync is the SecretSync under judgement.
type Sync struct {
	ProviderClass string `json:"provider_class"`
	// Found is whether that SecretProviderClass was seen, Unseen whether the
	// question could not be answered.
	Found      bool   `json:"found"`
	Unseen     bool   `json:"unseen"`
	SecretType string `json:"secret_type"`
	// OldType is the type before this update, the same as SecretType otherwise.
	OldType        string `json:"old_type"`
	ServiceAccount string `json:"service_account"`
	Force          string `json:"force"` // forceSynchronization
	Marks          []Mark `json:"marks"`
	// Size is how many bytes the Secret will hold, as far as they were seen.
	Size int `json:"size"`
	// Occupied is whether a Secret of the name is there that no sync controller
	// made; it is false where that was not seen.
	Occupied bool `json:"occupied"`
	// Writers names the SecretProviderClasses whose secretObjects make a Secret of
	// the same name.
	Writers []string `json:"writers"`
	// Anchored names the certificates of the issuer list that this update leaves
	// without one in the trust list that vouches for them; Anchor is the key that
	// goes.
	Anchored []string `json:"anchored"`
	Anchor   string   `json:"anchor"`
}

// Mark is a label or annotation for the Secret that the API does not take; Key
// is "" where they are no mapping at all.
type Mark struct {
	Field string `json:"field"`
	Key   string `json:"key"`
}

// Secret is the store Secret under judgement.
type Secret struct {
	Type      string `json:"type"`
	Immutable bool   `json:"immutable"`
	// Managed is whether it bears a sync controller's label or owner. Synced is
	// whether a SecretSync of its name is there, Orphan whether it is known that
	// none is.
	Managed bool `json:"managed"`
	Synced  bool `json:"synced"`
	Orphan  bool `json:"orphan"`
	// LostLabel and LostOwner are what this update takes away of them.
	LostLabel bool `json:"lost_label"`
	LostOwner bool `json:"lost_owner"`
}

// Removed is an output, or a Secret's key, that goes while a SecretSync maps it.
type Removed struct {
	Name   string `json:"name"` // objectName
	Output string `json:"output"`
	Sync   string `json:"sync"`
	Key    string `json:"key"`
	Role   string `json:"role"`
}

// Entry is one entry of the subject.
type Entry struct {
	ID      int    `json:"id"`   // its index in entries
	Name    string `json:"name"` // objectName, targetKey or key
	Field   string `json:"field"`
	State   State  `json:"state"`
	Trouble string `json:"trouble"` // "", mapping or not-mapping
	Message string `json:"message"`
	// Role, Key, Stem and Ext are of the store key in which the entry ends; for
	// an entry of a SecretProviderClass, of the SecretSync that uses it.
	Role string `json:"role"`
	Key  string `json:"key"`
	Stem string `json:"stem"`
	Ext  string `json:"ext"`
	// Suits is whether its content is in the form that the connector reads under
	// its key in that store; several certificates in one file suit too.
	Suits bool `json:"suits"`
	// SourcePath is a mapping's; Near says what it probably means: "history",
	// "file-name", "part" (of a certificate) or "", with Suggestion the output that exists.
	SourcePath string  `json:"source_path"`
	Near       string  `json:"near"`
	Suggestion string  `json:"suggestion"`
	Object     Object  `json:"object"`
	Vault      Vault   `json:"vault"`
	Content    Content `json:"content"`
	// UsedBy names the SecretSyncs that map an entry of a SecretProviderClass,
	// Misses those that map it under a path that it does not have.
	UsedBy []string `json:"used_by"`
	Misses []string `json:"misses"`
	// SameKey counts the mappings to this key, itself included.
	SameKey int `json:"same_key"`
	// Mapped is whether a SecretSync maps a Secret's key; Changed whether this
	// update changes its value, a new key being no change.
	Mapped  bool `json:"mapped"`
	Changed bool `json:"changed"`
	// Twin is the first other key, by name, of the same store that holds the same
	// vault secret or the same certificate, "" if none does. A key for a CRL is the
	// twin of such a key only.
	Twin string `json:"twin"`
}

// Object is the item of a SecretProviderClass behind an entry, as the provider
// reads it.
type Object struct {
	Name     string         `json:"name"`
	Alias    string         `json:"alias"`
	Version  string         `json:"version"`
	Type     string         `json:"type"`
	Format   string         `json:"format"`
	Encoding string         `json:"encoding"` // as written
	History  int            `json:"history"`
	Output   string         `json:"output"`
	Unknown  []UnknownField `json:"unknown"`
	// SameOutput counts the items with this output, itself included.
	SameOutput int `json:"same_output"`
	// Otherwise names the outputs of items for the same secret in another
	// encoding; OtherCase is how another item spells the same secret, "" if none
	// differs.
	Otherwise []string `json:"otherwise"`
	OtherCase string   `json:"other_case"`
	// Dropped is whether text follows that the provider never reads.
	Dropped        bool   `json:"dropped"`
	FilePermission string `json:"file_permission"` // as written
}

// UnknownField is a field that the provider silently ignores.
type UnknownField struct {
	Name       string `json:"name"`
	Suggestion string `json:"suggestion"`
}

// Vault is what the vault said of the secret behind an entry.
type Vault struct {
	Ref     string `json:"ref"` // vault/secret[/version], "" where none is involved
	Name    string `json:"name"`
	Secret  string `json:"secret"`
	Problem string `json:"problem"` // "" or a reason of the closed list
	Code    string `json:"code"`    // the service's own word for the problem, "" where it has none
	Message string `json:"message"`
	// AsClass is whether the problem met the SecretProviderClass's own identity.
	AsClass bool `json:"as_class"`
	// The rest is known only without a problem.
	ContentType  string `json:"content_type"`
	FileEncoding string `json:"file_encoding"` // the tag that the az CLI sets
	// CertificateResource is whether the secret backs a certificate resource.
	CertificateResource bool `json:"certificate_resource"`
	// Mismatch is why the value is not in the declared encoding: "", or a reason
	// of package decode; Looks is the encoding that it seems to be in.
	Mismatch string `json:"mismatch"`
	Looks    string `json:"looks"`
	// Version is the version that was judged.
	Version string `json:"version"`
	// Expires and NotBefore are attributes of the secret, 0 when absent.
	Expires   int64 `json:"expires"`
	NotBefore int64 `json:"not_before"`
}

// Content is what an entry's bytes are.
type Content struct {
	Kind         string   `json:"kind"`
	Format       string   `json:"format"`
	What         string   `json:"what"` // in words
	Certificates int      `json:"certificates"`
	CRLs         int      `json:"crls"`
	PrivateKeys  int      `json:"private_keys"`
	Trailing     int      `json:"trailing"`
	Problems     []string `json:"problems"` // reasons
	// Wrapped is the encoding that text still is in: hex, base64 or "".
	Wrapped string `json:"wrapped"`
	// Layers are its encodings from the outside to the inside, as "base64 of hex".
	Layers string `json:"layers"`
	Size   int    `json:"size"`
	// KeyAlgorithm is of the first private key, "" without one; Locked is whether
	// it is encrypted.
	KeyAlgorithm string `json:"key_algorithm"`
	Locked       bool   `json:"locked"`
}

// Certificate is one certificate of a decoded entry.
type Certificate struct {
	ID               int    `json:"id"`
	Entry            int    `json:"entry"`
	Role             string `json:"role"`
	NotBefore        int64  `json:"not_before"` // 0 where it cannot be read
	NotAfter         int64  `json:"not_after"`
	Version          int    `json:"version"`
	BasicConstraints bool   `json:"basic_constraints"`
	CA               bool   `json:"ca"`
	SelfIssued       bool   `json:"self_issued"`
	// SelfSignature is whether the own key of a self-issued certificate signed
	// it: valid, invalid or unverifiable; "" for others.
	SelfSignature string `json:"self_signature"`
	// Application is a certificate that a program identifies itself with,
	// whatever its CA flag says: it has an application URI in its SAN.
	Application bool `json:"application"`
	// EndEntity is one of a program and not of an issuer: no CA, or an application.
	EndEntity    bool   `json:"end_entity"`
	KeyAlgorithm string `json:"key_algorithm"`
	KeyBits      int    `json:"key_bits"`
	// KeyCurve is an elliptic curve's name, "explicit" where it is spelt out.
	KeyCurve      string `json:"key_curve"`
	SignatureHash string `json:"signature_hash"`
	// HasKeyUsage is whether the extension is there; KeyUsage names its bits as
	// RFC 5280 does.
	HasKeyUsage bool     `json:"has_key_usage"`
	KeyUsage    []string `json:"key_usage"`
	// ExtKeyUsage names its extended key usages, as RFC 5280 does where it can.
	ExtKeyUsage []string `json:"ext_key_usage"`
	// Subject and Issuer are "" for empty names.
	Subject string `json:"subject"`
	Issuer  string `json:"issuer"`
	// URIs are those of its subject alternative name.
	URIs []string `json:"uris"`
	// Covered is whether a CRL of the same store is issued and signed by it.
	Covered bool `json:"covered"`
	// RevokedBy names the keys of CRLs that list it, each as store/key.
	RevokedBy []string `json:"revoked_by"`
	// Elsewhere names where the other list of the pair holds the same
	// certificate, each as store/key.
	Elsewhere        []string `json:"elsewhere"`
	StrictParseError string   `json:"strict_parse_error"`
	// Oddity is what strict parsers refuse, in words that follow "has".
	Oddity string `json:"oddity"`
	// IssuerState tells whether the lists hold the issuer of one that is not
	// self-issued: found; invalid, if one of the name did not sign it; other-key,
	// if one of the name is of another generation; absent; or unseen, where it may
	// be among what was not seen. IssuerKey is where it is, as store/key.
	IssuerState string `json:"issuer_state"`
	IssuerKey   string `json:"issuer_key"`
	// AnchorState is, of a certificate of the issuer list, whether the trust list
	// holds one of its chain or one that was issued below it: found, absent or
	// unseen.
	AnchorState string `json:"anchor_state"`
	// TooLongFor names the CA above it whose path length does not allow it,
	// MisnamedFor the one whose name constraints do not, each as store/key.
	TooLongFor  string `json:"too_long_for"`
	MisnamedFor string `json:"misnamed_for"`
	// RSAExponent is 0 for other keys, and where it is not read.
	RSAExponent int    `json:"rsa_exponent"`
	CommonName  string `json:"common_name"`
	// Wildcards are its DNS names with a star, ValidDays how long it is valid.
	Wildcards []string `json:"wildcards"`
	ValidDays int      `json:"valid_days"`
}

// CRL is one certificate revocation list of a decoded entry.
type CRL struct {
	ID         int    `json:"id"`
	Entry      int    `json:"entry"`
	Role       string `json:"role"`
	ThisUpdate int64  `json:"this_update"`
	NextUpdate int64  `json:"next_update"` // 0 when absent
	Version    int    `json:"version"`
	// Delta lists only what changed since another CRL, Indirect speaks for other
	// issuers too, Partial covers some kinds of certificates or reasons only.
	Delta    bool `json:"delta"`
	Indirect bool `json:"indirect"`
	Partial  bool `json:"partial"`
	// CA is the key of the certificate with the same stem in the same store, ""
	// if there is none or it was not seen.
	CA string `json:"ca"`
	// IssuerMatches and Signature relate the CRL to that certificate: signature
	// is valid, invalid or unverifiable.
	IssuerMatches bool   `json:"issuer_matches"`
	Signature     string `json:"signature"`
	// CAElsewhere is where the other list of the pair holds the CA that issued it,
	// as store/key; it is "" where its own list holds it too.
	CAElsewhere string `json:"ca_elsewhere"`
	// Revokes names the trusted certificates that it lists, each as store/key.
	Revokes []string `json:"revokes"`
	// StrictParseError and Oddity are as in Certificate.
	StrictParseError string `json:"strict_parse_error"`
	Oddity           string `json:"oddity"`
}

// Key is a private key of a decoded entry.
type Key struct {
	Entry     int    `json:"entry"`
	Role      string `json:"role"`
	Algorithm string `json:"algorithm"`
	Encrypted bool   `json:"encrypted"`
	// Certificate is the key of the certificate with the same stem, "" if none
	// was seen; Matches whether it is the one for this private key.
	Certificate string `json:"certificate"`
	Matches     bool   `json:"matches"`
	// Readable is whether the public part could be derived.
	Readable bool `json:"readable"`
}

// Unverified is a group of entries whose contents were not seen.
type Unverified struct {
	Reason string `json:"reason"`
	// Code is the service's own word, such as AADSTS700016, "" where it has none.
	Code string `json:"code"`
	// AsClass is whether it was the SecretProviderClass's own identity that got this
	// answer, and not Storewarden's.
	AsClass bool     `json:"as_class"`
	Message string   `json:"message"`
	Names   []string `json:"names"`
}

// Endpoint is an inbound endpoint of a Device.
type Endpoint struct {
	Name   string `json:"name"`
	Field  string `json:"field"`
	Type   string `json:"type"`
	Host   string `json:"host"` // of its address
	Method string `json:"method"`
	// AutoAccept is whether every server certificate is accepted; Unreadable is
	// whether the additional configuration, which says so, is no JSON object.
	AutoAccept bool `json:"auto_accept"`
	Unreadable bool `json:"unreadable"`
	// SecurityPolicy is the one that the endpoint demands, "" if it leaves that
	// open.
	SecurityPolicy string `json:"security_policy"`
	// ServerKeys are the key algorithms of the certificates that name the host.
	ServerKeys []string `json:"server_keys"`
	// Named is whether a certificate of the trust list names the host. If none
	// does, Near is the subject of one that means the same machine by another
	// name, "" if there is none either, NearKey its key, NearNames its names.
	Named     bool     `json:"named"`
	Near      string   `json:"near"`
	NearKey   string   `json:"near_key"`
	NearNames []string `json:"near_names"`
}

// Reference is where a Device or a ConnectorTemplate names a Secret.
type Reference struct {
	Field    string `json:"field"`
	Endpoint string `json:"endpoint"` // "" of a ConnectorTemplate
	// Use is trust list, certificate, private key, intermediate certificates,
	// user name, password or secret.
	Use    string `json:"use"`
	Text   string `json:"text"` // as written
	Secret string `json:"secret"`
	Key    string `json:"key"`
	// State is malformed, absent, unseen or found; KeyFound is whether a Secret
	// that was found has the key, or will have it, and Keys are what it has.
	State    string   `json:"state"`
	KeyFound bool     `json:"key_found"`
	Keys     []string `json:"keys"`
	// Synced is whether a SecretSync makes the Secret.
	Synced bool `json:"synced"`
	// Paired is whether the same endpoint also names a private key, HoldsKey
	// whether what a certificate's reference names holds one itself.
	Paired   bool `json:"paired"`
	HoldsKey bool `json:"holds_key"`
	// Others names what uses the same trust list for endpoints of other types.
	Others []string `json:"others"`
}

// Referrer is a Device or a ConnectorTemplate that names the subject.
type Referrer struct {
	Kind     string `json:"kind"`
	Name     string `json:"name"`
	Field    string `json:"field"`
	Endpoint string `json:"endpoint"`
	Use      string `json:"use"`
	Key      string `json:"key"` // "" for all of them
	// Has is whether the subject has that key, Had whether it had before this
	// update.
	Has bool `json:"has"`
	Had bool `json:"had"`
}

// Issuance is what a cert-manager Certificate asks for, defaults filled in.
type Issuance struct {
	Secret string `json:"secret"`
	// Own is whether the connector for OPC UA takes its own certificate from that
	// Secret.
	Own          bool     `json:"own"`
	CommonName   string   `json:"common_name"`
	URIs         []string `json:"uris"`
	CA           bool     `json:"ca"`
	Usages       []string `json:"usages"` // as cert-manager spells them
	KeyAlgorithm string   `json:"key_algorithm"`
	KeyBits      int      `json:"key_bits"`
}
