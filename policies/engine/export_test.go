package engine

import "github.com/storewarden/storewarden/policies/input"

// Asked reports whether any body is evaluated for the document.
func Asked(e *Engine, doc *input.Document) bool { return len(e.asked(doc)) > 0 }
