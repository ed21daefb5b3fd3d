{{- /*
The rules of one target, as JSON: {"rules": […], "wide": […]}. files/rights.yaml holds what each kind needs; it is made from the
same table that `backout doctor` asks about.
*/ -}}
{{- define "backout.rules" -}}
{{- $table := .root.Files.Get "files/rights.yaml" | fromYaml -}}
{{- $target := .target -}}
{{- $workloads := $target.workloads | default (list "Deployment" "StatefulSet" "DaemonSet") -}}
{{- $without := $target.without | default list -}}
{{- $found := dict "here" dict "wide" dict -}}
{{- $essential := dict -}}
{{- range $kind := $target.kinds | default list -}}
{{- if not (hasKey $table $kind) -}}{{- fail (printf "targets: %s is no kind of step, check or release source that acts on a cluster" $kind) -}}{{- end -}}
{{- range $right := get $table $kind -}}
{{- if or (not $right.only) (has $right.only $workloads) -}}
{{- if or $right.essential (not (has (first (splitList "/" $right.resource)) $without)) -}}
{{- $place := get $found (ternary "wide" "here" (default false $right.wide)) -}}
{{- $key := printf "%s %s" $right.group $right.resource -}}
{{- $_ := set $place $key (concat (get $place $key | default list) $right.verbs | uniq) -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- end -}}
{{- $rules := dict "here" list "wide" list -}}
{{- range $where, $rights := $found -}}
{{- $groups := dict -}}
{{- $order := list -}}
{{- range $key := keys $rights | sortAlpha -}}
{{- $granted := get $rights $key -}}
{{- $verbs := list -}}
{{- range list "get" "list" "watch" "create" "update" "patch" "delete" -}}{{- if has . $granted -}}{{- $verbs = append $verbs . -}}{{- end -}}{{- end -}}
{{- $parts := splitList " " $key -}}
{{- $together := printf "%s %s" (first $parts) (join "," $verbs) -}}
{{- if not (hasKey $groups $together) -}}{{- $order = append $order $together -}}{{- $_ := set $groups $together (dict "apiGroups" (list (first $parts)) "resources" list "verbs" $verbs) -}}{{- end -}}
{{- $rule := get $groups $together -}}
{{- $_ := set $rule "resources" (append $rule.resources (last $parts)) -}}
{{- end -}}
{{- $all := list -}}
{{- range $order -}}{{- $all = append $all (get $groups .) -}}{{- end -}}
{{- $_ := set $rules $where $all -}}
{{- end -}}
{{- dict "rules" (concat $rules.here ($target.extraRules | default list)) "wide" $rules.wide | toJson -}}
{{- end }}
