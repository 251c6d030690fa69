export { type PrometheusObserver, type PrometheusOptions, prometheusObserver } from './observer.ts';
