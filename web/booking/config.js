// What a deployment passes to its page. CloudFront answers this address by itself (template.yaml).
export default {
  api: "", // origin of the HTTP API, without a slash; "" is the page's own
  key: "", // publishable key, used when the address names none
  name: "", // the shop's name, shown at the top
};
