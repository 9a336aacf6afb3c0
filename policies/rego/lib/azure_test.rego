package storewarden.lib.azure_test

import data.storewarden.fixture
import data.storewarden.lib.azure

test_meant if {
	azure.meant with input as fixture.document({"spc": {"provider": "azure"}})
	azure.meant with input as fixture.document({"spc": {"provider": "Azure", "near_azure": true}})
}

test_other_provider if not azure.meant with input as fixture.document({"spc": {"provider": "vault"}})
