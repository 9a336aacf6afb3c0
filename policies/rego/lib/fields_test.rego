package storewarden.lib.fields_test

import data.storewarden.lib.fields

test_object if {
	fields.object("SecretProviderClass", "spec.parameters.objects[1]", "objectType") == "spec.parameters.objects[1].objectType"
	fields.object("SecretSync", "spec.secretObject.data[1]", "objectType") == "spec.secretObject.data[1]"
}
