(.metadata.annotations["kubefate.federatedai.org/simulate"] // "") as $asked
| if $asked == "init-crash" and ((.spec.initContainers // []) | length) == 0 then "init-crash-without-init-container"
  elif $asked != "" then $asked
  elif [.spec.initContainers[]?, .spec.containers[]] | any(.image | contains("no-such")) then "image-pull"
  else "none" end
