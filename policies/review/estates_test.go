package review_test

import (
	"testing"

	"github.com/storewarden/storewarden/policies/verdict"
	"github.com/storewarden/storewarden/test/cases"
)

// consumers use the stores of the estate with several connectors.
const consumers = `---
apiVersion: iotoperations.azure.com/v1
kind: ConnectorTemplate
metadata: {name: rest, namespace: azure-iot-operations}
spec:
  deviceInboundEndpointTypes:
    - {endpointType: Microsoft.Http}
  runtimeConfiguration:
    runtimeConfigurationType: ManagedConfiguration
    managedConfigurationSettings:
      trustSettings: {trustListSecretRef: rest-trust-list}
---
apiVersion: namespaces.deviceregistry.microsoft.com/v1
kind: Device
metadata: {name: gateway, namespace: azure-iot-operations}
spec:
  enabled: true
  endpoints:
    inbound:
      rest-1:
        endpointType: Microsoft.Http
        address: https://gateway.plant.contoso.com:8443
        authentication:
          method: Certificate
          x509Credentials:
            certificateSecretName: gateway-credentials/certificate
            keySecretName: gateway-credentials/privateKey
            intermediateCertificatesSecretName: gateway-credentials/intermediateCerts
---
apiVersion: namespaces.deviceregistry.microsoft.com/v1
kind: Device
metadata: {name: press-1, namespace: azure-iot-operations}
spec:
  enabled: true
  endpoints:
    inbound:
      opc-ua-1:
        endpointType: Microsoft.OpcUa
        address: opc.tcp://press-1.plant.contoso.com:4840
        authentication:
          method: UsernamePassword
          usernamePasswordCredentials:
            usernameSecretName: press-credentials/username
            passwordSecretName: press-credentials/password
`

// An estate is left in peace with the objects that use it, too.
func TestEstateWithItsConsumers(t *testing.T) {
	c, err := cases.Get("healthy-estate-mixed-connectors")
	if err != nil {
		t.Fatal(err)
	}
	c.Objects = append(c.Objects, consumers...)
	verdicts := play(t, c, &cases.Engines{})
	kinds := map[string]int{}
	for _, v := range verdicts {
		kinds[v.Object.Kind]++
		if w := v.Worst(); w == verdict.Deny || w == verdict.Warn {
			t.Errorf("%s/%s: %v", v.Object.Kind, v.Object.Name, v.Findings)
		}
	}
	if kinds["Device"] != 2 || kinds["ConnectorTemplate"] != 1 {
		t.Errorf("judged were %v", kinds)
	}
}
