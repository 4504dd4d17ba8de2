import { lazy, Suspense } from 'react'
import type { SparklineProps } from './plot'

const Plot = lazy(() => import('./plot'))

/** The last minutes as a line; what draws it is fetched after the page. */
export const Sparkline = (props: SparklineProps) => (
  <Suspense fallback={<div style={{ height: props.height ?? 40 }} />}>
    <Plot {...props} />
  </Suspense>
)
