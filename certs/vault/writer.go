package vault

import (
	"context"
	"time"
)

// Draft is a secret to be written; it becomes the newest version of its name.
type Draft struct {
	Value       Value
	ContentType string            // "" for none
	Tags        map[string]string // nil for none
	Expires     time.Time         // zero for none; whole seconds are kept
	NotBefore   time.Time         // as Expires
}

// DeletedButRecoverable is the service's word, in Error.Code, for a name that a deleted
// secret keeps.
const DeletedButRecoverable = "ObjectIsDeletedButRecoverable"

// Writer changes what a vault holds. Its errors are like Reader's, the Ref names a
// secret without a version, and none of its calls is made twice: whether a write that
// failed was done is for a read to tell.
//
// A secret that is deleted keeps its name until it is purged or the vault's retention
// ends: Set answers SoftDeleted with the code DeletedButRecoverable, and the
// caller chooses between Recover and Purge.
type Writer interface {
	// Set adds a version and returns it, with the value that was sent.
	Set(ctx context.Context, ref Ref, draft Draft) (Secret, error)
	// Delete makes a secret with all its versions recoverable only; one that is not
	// there is NotFound, or SoftDeleted where that was done before.
	Delete(ctx context.Context, ref Ref) error
	// Recover brings a deleted secret back; one that is not deleted is NotFound.
	Recover(ctx context.Context, ref Ref) error
	// Purge ends a deleted secret for good; one that is not deleted is NotFound. While
	// a deletion is under way it is SoftDeleted with the code ObjectIsBeingDeleted.
	Purge(ctx context.Context, ref Ref) error
}
