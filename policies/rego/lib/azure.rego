# METADATA
# description: Which SecretProviderClasses are for the Azure provider.
package storewarden.lib.azure

# meant is a class of the Azure provider, or one that was to be: the parameters
# of another provider are its own business.
meant if input.spc.provider == "azure"

meant if input.spc.near_azure
