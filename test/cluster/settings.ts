import { join } from 'node:path';

/** Where one cluster lives: its folder, its number (bridge, pod addresses, cgroup) and its ports on 127.0.0.1. */
export type Site = {
  readonly state: string;
  readonly number: number;
  readonly token: string;
  /** Whether its API server writes down what service accounts ask, in `audit.log`. */
  readonly audited: boolean;
  readonly ports: {
    readonly etcd: number;
    readonly etcdPeer: number;
    readonly api: number;
    readonly controllers: number;
    readonly scheduler: number;
    readonly kubelet: number;
  };
};

/** Name of the cluster's bridge, short enough for an interface. */
export function bridgeName(site: Pick<Site, 'number'>): string {
  return `backout${site.number}`;
}

/** Name of the cgroup under which the kubelet puts all pods, so that two clusters never tidy each other away. */
export function cgroupName(site: Pick<Site, 'number'>): string {
  return `backout-cluster-${site.number}`;
}

/** Socket of the cluster's containerd. */
export function containerdSocket(state: string): string {
  return join(state, 'containerd.sock');
}

/** Folder of the further control planes that a cluster's suites asked for. */
export function planeFolder(state: string): string {
  return join(state, 'planes');
}

/** containerd's configuration; without restrict_oom_score_adj every sandbox dies where CAP_SYS_RESOURCE is missing. */
export function containerdConfig({ state }: Site): string {
  return `version = 2
root = "${state}/containerd"
state = "${state}/containerd-state"
disabled_plugins = ["io.containerd.snapshotter.v1.devmapper", "io.containerd.snapshotter.v1.btrfs", "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.aufs", "io.containerd.internal.v1.opt"]
[grpc]
  address = "${containerdSocket(state)}"
[ttrpc]
  address = "${containerdSocket(state)}.ttrpc"
[plugins."io.containerd.grpc.v1.cri"]
  sandbox_image = "docker.io/library/pause:1"
  restrict_oom_score_adj = true
  netns_mounts_under_state_dir = true
  stream_server_address = "127.0.0.1"
  stream_server_port = "0"
  [plugins."io.containerd.grpc.v1.cri".cni]
    bin_dir = "/usr/lib/cni"
    conf_dir = "${state}/cni"
  [plugins."io.containerd.grpc.v1.cri".containerd]
    snapshotter = "overlayfs"
    default_runtime_name = "runc"
    [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
      runtime_type = "io.containerd.runc.v2"
      [plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
        SystemdCgroup = false
`;
}

/** The pods' network: one bridge of this cluster's own, no masquerading. */
export function cniConfig(site: Site): string {
  return JSON.stringify({
    cniVersion: '0.4.0',
    name: bridgeName(site),
    plugins: [
      {
        type: 'bridge',
        bridge: bridgeName(site),
        isGateway: true,
        ipMasq: false,
        ipam: {
          type: 'host-local',
          dataDir: join(site.state, 'addresses'),
          ranges: [[{ subnet: `10.244.${site.number}.0/24` }]],
          routes: [{ dst: '0.0.0.0/0' }],
        },
      },
    ],
  });
}

/** The kubelet's configuration: listens on loopback only, keeps every file inside the state folder. */
export function kubeletConfig(site: Site): string {
  return JSON.stringify({
    apiVersion: 'kubelet.config.k8s.io/v1beta1',
    kind: 'KubeletConfiguration',
    address: '127.0.0.1',
    port: site.ports.kubelet,
    healthzPort: 0,
    readOnlyPort: 0,
    authentication: { anonymous: { enabled: true }, webhook: { enabled: false } },
    authorization: { mode: 'AlwaysAllow' },
    cgroupDriver: 'cgroupfs',
    cgroupRoot: `/${cgroupName(site)}`,
    containerRuntimeEndpoint: `unix://${containerdSocket(site.state)}`,
    failSwapOn: false,
    failCgroupV1: false,
    makeIPTablesUtilChains: false,
    maxPods: 250,
    registryPullQPS: 0,
    kubeAPIQPS: 200,
    kubeAPIBurst: 400,
    localStorageCapacityIsolation: false,
    imageGCHighThresholdPercent: 100,
    evictionHard: { 'memory.available': '50Mi' },
    volumePluginDir: join(site.state, 'volume-plugins'),
    podLogsDir: join(site.state, 'pod-logs'),
    resolvConf: join(site.state, 'resolv.conf'),
  });
}

/** A kubeconfig (JSON is YAML) for one user of an API server. */
export function kubeconfigText(server: string, user: { token: string }, ca: { pem: Buffer } | 'plain-http'): string {
  const cluster =
    ca === 'plain-http'
      ? { server, 'insecure-skip-tls-verify': true }
      : { server, 'certificate-authority-data': ca.pem.toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
  });
}

/** Files of the API server's own certificate towards aggregated API servers. */
export const frontProxy = {
  ca: 'front-proxy-ca.crt',
  caKey: 'front-proxy-ca.key',
  certificate: 'front-proxy-client.crt',
  key: 'front-proxy-client.key',
} as const;

/** Files of the audit: what is written down, and where. */
export const audit = { policy: 'audit-policy.json', log: 'audit.log' } as const;

/** An audit policy: every request of a service account, without what it says. */
export const auditPolicy = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [{ level: 'Metadata', userGroups: ['system:serviceaccounts'] }, { level: 'None' }],
});

/** Command lines of the control plane, each after its program. */
export function controlPlaneArguments(site: Site) {
  const { state, ports } = site;
  const url = (port: number) => `http://127.0.0.1:${port}`;
  const file = (name: string) => join(state, name);
  return {
    etcd: [
      `--data-dir=${file('etcd')}`,
      `--listen-client-urls=${url(ports.etcd)}`,
      `--advertise-client-urls=${url(ports.etcd)}`,
      `--listen-peer-urls=${url(ports.etcdPeer)}`,
      `--initial-advertise-peer-urls=${url(ports.etcdPeer)}`,
      `--initial-cluster=default=${url(ports.etcdPeer)}`,
      '--unsafe-no-fsync',
    ],
    'kube-apiserver': [
      `--etcd-servers=${url(ports.etcd)}`,
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.api}`,
      `--cert-dir=${file('certificates')}`,
      '--service-cluster-ip-range=10.96.0.0/16',
      '--authorization-mode=RBAC',
      `--token-auth-file=${file('tokens.csv')}`,
      `--service-account-key-file=${file('service-account.key')}`,
      `--service-account-signing-key-file=${file('service-account.key')}`,
      '--service-account-issuer=https://kubernetes.default.svc',
      '--allow-privileged=true',
      '--kubelet-preferred-address-types=Hostname',
      // Aggregated API servers trust who a request is from by these.
      `--requestheader-client-ca-file=${file(frontProxy.ca)}`,
      '--requestheader-allowed-names=front-proxy-client',
      '--requestheader-username-headers=X-Remote-User',
      '--requestheader-group-headers=X-Remote-Group',
      '--requestheader-extra-headers-prefix=X-Remote-Extra-',
      `--proxy-client-cert-file=${file(frontProxy.certificate)}`,
      `--proxy-client-key-file=${file(frontProxy.key)}`,
      ...(site.audited ? [`--audit-policy-file=${file(audit.policy)}`, `--audit-log-path=${file(audit.log)}`] : []),
    ],
    'kube-controller-manager': [
      `--kubeconfig=${file('kubeconfig')}`,
      `--service-account-private-key-file=${file('service-account.key')}`,
      `--root-ca-file=${file('certificates/apiserver.crt')}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.controllers}`,
      `--cert-dir=${file('controller-certificates')}`,
      '--allocate-node-cidrs=false',
      '--concurrent-deployment-syncs=20',
      '--kube-api-qps=200',
      '--kube-api-burst=400',
    ],
    'kube-scheduler': [
      `--kubeconfig=${file('kubeconfig')}`,
      '--leader-elect=false',
      '--bind-address=127.0.0.1',
      `--secure-port=${ports.scheduler}`,
      `--cert-dir=${file('scheduler-certificates')}`,
      '--kube-api-qps=200',
      '--kube-api-burst=400',
    ],
    kubelet: [
      `--kubeconfig=${file('kubeconfig')}`,
      `--config=${file('kubelet.json')}`,
      `--root-dir=${file('kubelet')}`,
      `--cert-dir=${file('kubelet-certificates')}`,
      '--hostname-override=localhost',
    ],
  };
}
