/** What watches the shop and tells Backout, as Prometheus and Alertmanager would: the same body, the same repeats. */
export interface Alerting {
  stop(): void;
}

const labels = {
  alertname: 'ShopCheckoutFailing',
  service: 'shop-api',
  environment: 'production',
  severity: 'critical',
};

/** Probes the shop every second; three bad answers in a row fire the alert, three good ones resolve it; a firing alert is sent again every 15 s. */
export function startAlerting(shopPort: number, hookUrl: string, secret: string): Alerting {
  let bad = 0;
  let good = 0;
  let firstBad = 0;
  let firingSince: string | null = null;
  let lastSent = 0;
  const tell = async (status: 'firing' | 'resolved', startsAt: string): Promise<void> => {
    lastSent = Date.now();
    const endsAt = status === 'resolved' ? new Date().toISOString() : '0001-01-01T00:00:00Z';
    const annotations = { summary: 'GET /checkout of shop-api answers 500' };
    const alert = { status, labels, annotations, startsAt, endsAt, generatorURL: '', fingerprint: 'd7009ba658fe0c5d' };
    const body = {
      version: '4',
      groupKey: '{}:{alertname="ShopCheckoutFailing"}',
      truncatedAlerts: 0,
      status,
      receiver: 'backout',
      groupLabels: { alertname: labels.alertname },
      commonLabels: labels,
      commonAnnotations: annotations,
      externalURL: '',
      alerts: [alert],
    };
    const headers = { authorization: `Bearer ${secret}`, 'content-type': 'application/json' };
    await fetch(hookUrl, { method: 'POST', headers, body: JSON.stringify(body) }).catch(() => null);
  };
  const probe = async (): Promise<void> => {
    const answer = await fetch(`http://127.0.0.1:${shopPort}/checkout`, { signal: AbortSignal.timeout(900) }).catch(
      () => null,
    );
    bad = answer?.ok ? 0 : bad + 1;
    good = answer?.ok ? good + 1 : 0;
    if (bad === 1) firstBad = Date.now();
    if (bad >= 3 && !firingSince) firingSince = new Date(firstBad).toISOString();
    if (firingSince && good >= 3) {
      const since = firingSince;
      firingSince = null;
      await tell('resolved', since);
    } else if (firingSince && Date.now() - lastSent > 15_000) {
      await tell('firing', firingSince);
    }
  };
  const timer = setInterval(() => void probe(), 1_000);
  return { stop: () => clearInterval(timer) };
}
