package engine

import (
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"

	"github.com/storewarden/storewarden/policies/input"
)

// need is what a body demands of the document, as far as that can be told from
// its text: conditions that hold, and lists with an element for which conditions
// hold. A body whose need is not met has no result, so it is not asked: of a
// healthy store hardly any is. What the text does not tell demands nothing, and
// TestCases holds the rules that are asked against the originals.
type need struct {
	subject []condition
	lists   []listNeed
	helpers [][]need // of each helper that must hold, the needs of its bodies
}

type listNeed struct {
	list    []int // the field of the document
	element []condition
}

// condition is one expression: the field, and what it may be.
type condition struct {
	field []int
	is    test
}

// test is what a field may be.
type test struct {
	among   []any  // it is one of these, texts, bools or int64s
	holds   string // or it is a text or list with this in it
	none    bool   // or, instead, it is not
	fold    bool   // as it is in lower case
	compare string // or it is a number, or the length of a list, that is so
	limit   int64  // beside this number,
	than    []int  // or beside that field of the document
}

// filled is a list with anything in it.
var filled = test{compare: "gt"}

var documentType = reflect.TypeFor[input.Document]()

// needOf reads the need of a rule's body, whose references are resolved.
func needOf(body ast.Body, known *known) need {
	r := needReader{known: known, lists: map[ast.Var]*listNeed{}}
	for _, e := range body { // every "some x in input.list"
		if d, ok := e.Terms.(*ast.SomeDecl); ok && !e.Negated && len(e.With) == 0 {
			r.declare(d)
		}
	}
	for _, e := range body {
		if len(e.With) == 0 {
			r.read(e)
		}
	}
	for _, name := range r.order {
		r.need.lists = append(r.need.lists, *r.lists[name])
	}
	return r.need
}

type needReader struct {
	known *known
	lists map[ast.Var]*listNeed
	order []ast.Var
	need  need
}

// declare takes "some x in list" and "some i, x in list" of a list of the
// document.
func (r *needReader) declare(d *ast.SomeDecl) {
	for _, s := range d.Symbols {
		call, ok := s.Value.(ast.Call)
		if !ok || len(call) < 3 {
			continue
		}
		name, isVar := call[len(call)-2].Value.(ast.Var)
		list, isRef := call[len(call)-1].Value.(ast.Ref)
		if !isVar || !isRef {
			continue
		}
		if of, path, t := r.resolve(list); of == nil && t != nil && t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct {
			if r.lists[name] == nil {
				r.order = append(r.order, name)
			}
			r.lists[name] = &listNeed{list: path}
		}
	}
}

// resolve finds the field that a reference names, in the document or in an
// element of a list of it; the type is nil where it names none.
func (r *needReader) resolve(ref ast.Ref) (of *listNeed, path []int, t reflect.Type) {
	head, ok := ref[0].Value.(ast.Var)
	if !ok {
		return nil, nil, nil
	}
	if t = documentType; head != ast.InputRootDocument.Value.(ast.Var) {
		if of = r.lists[head]; of == nil {
			return nil, nil, nil
		}
		t = documentType.FieldByIndex(of.list).Type.Elem()
	}
	for _, part := range ref[1:] {
		name, isText := part.Value.(ast.String)
		if !isText || t.Kind() != reflect.Struct {
			return of, path, nil
		}
		i := slices.IndexFunc(reflect.VisibleFields(t), func(f reflect.StructField) bool { return tagOf(f) == string(name) })
		if i < 0 {
			return of, path, nil
		}
		path, t = append(path, i), t.Field(i).Type
	}
	return of, path, t
}

func tagOf(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

// demand adds a condition on a scalar or list that the reference names.
func (r *needReader) demand(t *ast.Term, is test) {
	if call, ok := t.Value.(ast.Call); ok && len(call) == 2 && call[0].String() == "lower" {
		is.fold = true
		t = call[1]
	}
	ref, ok := t.Value.(ast.Ref)
	if !ok {
		return
	}
	of, path, field := r.resolve(ref)
	if field == nil || len(path) == 0 {
		return
	}
	if !is.suits(field) {
		return
	}
	c := condition{field: path, is: is}
	if of == nil {
		r.need.subject = append(r.need.subject, c)
	} else {
		of.element = append(of.element, c)
	}
}

// suits reports whether a field can be put to the test.
func (t *test) suits(field reflect.Type) bool {
	switch field.Kind() {
	case reflect.Slice:
		return t.compare != "" || t.holds != "" && field.Elem().Kind() == reflect.String
	case reflect.String:
		return t.compare == ""
	case reflect.Bool:
		return t.compare == "" && t.holds == ""
	case reflect.Int, reflect.Int64:
		return t.holds == "" && !t.fold
	}
	return false
}

func (r *needReader) read(e *ast.Expr) {
	switch terms := e.Terms.(type) {
	case *ast.Term:
		r.truth(terms, e.Negated)
	case *ast.SomeDecl:
		for _, s := range terms.Symbols { // some x in c.list, some x in helper
			if call, ok := s.Value.(ast.Call); ok && !e.Negated && len(call) > 2 {
				r.demand(call[len(call)-1], filled)
				r.help(call[len(call)-1])
			}
		}
	case []*ast.Term:
		if len(terms) == 3 {
			r.call(terms[0].String(), terms[1], terms[2], e.Negated)
		}
	}
}

// help takes a helper, a set or a rule of its own: one of its bodies must hold.
func (r *needReader) help(t *ast.Term) {
	ref, ok := t.Value.(ast.Ref)
	if !ok {
		return
	}
	var needs []need
	for _, rule := range r.known.helpers[ref.String()] {
		if rule.Default || rule.Else != nil || len(rule.Head.Args) > 0 {
			return
		}
		needs = append(needs, needOf(rule.Body, r.known))
	}
	if len(needs) > 0 {
		r.need.helpers = append(r.need.helpers, needs)
	}
}

// truth takes what stands alone: a bool, or a helper. Any other field is never
// false.
func (r *needReader) truth(t *ast.Term, negated bool) {
	ref, ok := t.Value.(ast.Ref)
	if !ok {
		return
	}
	if _, _, field := r.resolve(ref); field != nil && field.Kind() == reflect.Bool {
		r.demand(t, test{among: []any{true}, none: negated})
	}
	if !negated {
		r.help(t)
	}
}

func (r *needReader) call(operator string, left, right *ast.Term, negated bool) {
	if operator == "internal.member_2" {
		if all, ok := r.scalars(right); ok {
			r.demand(left, test{among: all, none: negated})
		} else if v, ok := scalar(left); ok {
			r.has(right, v, negated)
		}
		return
	}
	if operator == "contains" {
		if v, ok := scalar(right); ok {
			r.has(left, v, negated)
		}
		return
	}
	if negated {
		return
	}
	switch operator {
	case "equal", "eq":
		for _, side := range [][2]*ast.Term{{left, right}, {right, left}} {
			if v, ok := scalar(side[1]); ok {
				r.demand(side[0], test{among: []any{v}})
			}
		}
	case "neq":
		if v, ok := scalar(right); ok {
			// Of a list's first element it says that there is one.
			if ref, isRef := left.Value.(ast.Ref); isRef && len(ref) > 2 && ref[len(ref)-1].Equal(ast.InternedTerm(0)) {
				r.demand(ast.NewTerm(ref[:len(ref)-1]), filled)
				return
			}
			r.demand(left, test{among: []any{v}, none: true})
		}
	}
	if call, ok := left.Value.(ast.Call); ok && len(call) == 2 && call[0].String() == "count" {
		if ref, ok := call[1].Value.(ast.Ref); ok {
			if _, _, t := r.resolve(ref); t != nil && t.Kind() == reflect.Slice {
				r.number(operator, call[1], right)
			}
		}
		return
	}
	if operator != "equal" && operator != "eq" && operator != "neq" {
		r.number(operator, left, right)
	}
}

// has takes what a text or a list of texts has in it, or has not.
func (r *needReader) has(in *ast.Term, v any, negated bool) {
	if text, ok := v.(string); ok && text != "" {
		r.demand(in, test{holds: text, none: negated})
	}
}

// number takes the comparison of a field with a number, a setting, or a number
// of the document itself.
func (r *needReader) number(operator string, left, right *ast.Term) {
	if !slices.Contains([]string{"equal", "eq", "neq", "lt", "lte", "gt", "gte"}, operator) {
		return
	}
	is := test{compare: operator}
	if v, ok := scalar(right); ok {
		if is.limit, ok = v.(int64); ok {
			r.demand(left, is)
		}
		return
	}
	ref, ok := right.Value.(ast.Ref)
	if !ok {
		return
	}
	if n, ok := r.known.numbers[ref.String()]; ok {
		is.limit = n
		r.demand(left, is)
	} else if of, path, t := r.resolve(ref); of == nil && t != nil && len(path) > 0 && isNumber(t.Kind()) {
		is.than = path
		r.demand(left, is)
	}
}

func isNumber(k reflect.Kind) bool { return k == reflect.Int || k == reflect.Int64 }

// scalars are the elements of a set or array of constants, or of a rule that is
// one.
func (r *needReader) scalars(t *ast.Term) ([]any, bool) {
	if ref, ok := t.Value.(ast.Ref); ok {
		all, ok := r.known.sets[ref.String()]
		return all, ok
	}
	return elements(t)
}

func elements(t *ast.Term) ([]any, bool) {
	var all []any
	ok := true
	add := func(x *ast.Term) {
		v, isScalar := scalar(x)
		all, ok = append(all, v), ok && isScalar
	}
	switch c := t.Value.(type) {
	case ast.Set:
		c.Foreach(add)
	case *ast.Array:
		c.Foreach(add)
	default:
		return nil, false
	}
	return all, ok
}

func scalar(t *ast.Term) (any, bool) {
	switch v := t.Value.(type) {
	case ast.String:
		return string(v), true
	case ast.Boolean:
		return bool(v), true
	case ast.Number:
		n, ok := v.Int64()
		return n, ok
	}
	return nil, false
}

// known is what bodies may refer to: sets and numbers that are constant, and
// other rules, by reference.
type known struct {
	sets    map[string][]any
	numbers map[string]int64
	helpers map[string][]*ast.Rule
}

func knownOf(modules map[string]*ast.Module, config map[string]any) *known {
	k := &known{sets: map[string][]any{}, numbers: map[string]int64{}, helpers: map[string][]*ast.Rule{}}
	for name, v := range config {
		if f, ok := v.(float64); ok && f == math.Trunc(f) {
			k.numbers["data.config."+name] = int64(f)
		}
	}
	for _, m := range modules {
		for _, r := range m.Rules {
			name := m.Package.Path.String() + "." + r.Head.Name.String()
			k.helpers[name] = append(k.helpers[name], r)
		}
	}
	for name, rules := range k.helpers {
		r := rules[0]
		if len(rules) != 1 || r.Head.Value == nil || r.Head.Key != nil || len(r.Head.Args) > 0 || r.Default || r.Else != nil ||
			len(r.Body) != 1 || r.Body[0].String() != "true" {
			continue
		}
		if all, ok := elements(r.Head.Value); ok {
			k.sets[name] = all
		}
		if v, ok := scalar(r.Head.Value); ok {
			if n, isNumber := v.(int64); isNumber {
				k.numbers[name] = n
			}
		}
	}
	return k
}

// met reports whether the document may give the body a result.
func (n *need) met(doc reflect.Value) bool {
	for i := range n.subject {
		if !n.subject[i].holds(doc, doc) {
			return false
		}
	}
	for i := range n.lists {
		if !n.lists[i].met(doc) {
			return false
		}
	}
	for _, bodies := range n.helpers {
		if !slices.ContainsFunc(bodies, func(b need) bool { return b.met(doc) }) {
			return false
		}
	}
	return true
}

func (l *listNeed) met(doc reflect.Value) bool {
	list := doc.FieldByIndex(l.list)
	for i := range list.Len() {
		element, all := list.Index(i), true
		for j := range l.element {
			if all = l.element[j].holds(element, doc); !all {
				break
			}
		}
		if all {
			return true
		}
	}
	return false
}

func (c *condition) holds(of, doc reflect.Value) bool {
	v := of
	for _, i := range c.field {
		v = v.Field(i)
	}
	n := int64(0)
	switch v.Kind() {
	case reflect.Slice:
		if c.is.holds != "" {
			return c.is.none != slices.ContainsFunc(v.Interface().([]string), func(s string) bool { return s == c.is.holds })
		}
		n = int64(v.Len())
	case reflect.String:
		s := v.String()
		if c.is.fold {
			s = strings.ToLower(s)
		}
		if c.is.holds != "" {
			return c.is.none != strings.Contains(s, c.is.holds)
		}
		return among(&c.is, s)
	case reflect.Bool:
		return among(&c.is, v.Bool())
	default:
		n = v.Int()
	}
	if c.is.compare == "" {
		return among(&c.is, n)
	}
	limit := c.is.limit
	if c.is.than != nil {
		limit = doc.FieldByIndex(c.is.than).Int()
	}
	switch c.is.compare {
	case "lt":
		return n < limit
	case "lte":
		return n <= limit
	case "gt":
		return n > limit
	case "gte":
		return n >= limit
	case "neq":
		return n != limit
	}
	return n == limit
}

func among[T comparable](t *test, v T) bool {
	return t.none != slices.ContainsFunc(t.among, func(w any) bool { x, same := w.(T); return same && x == v })
}
