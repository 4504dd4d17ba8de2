import { useEffect, useRef } from 'react'
import uPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { usePreferences } from '@/lib/preferences'

export interface SparklineProps {
  /** One value a second, oldest first. */
  values: readonly number[]
  label: string
  height?: number
  hasAxes?: boolean
}

/** The last minutes as a line. */
export default function Plot({ values, label, height = 40, hasAxes = false }: SparklineProps) {
  const holder = useRef<HTMLDivElement>(null)
  const plot = useRef<uPlot | null>(null)
  const theme = usePreferences((preferences) => preferences.theme)
  useEffect(() => {
    const element = holder.current
    if (!element) return
    const style = getComputedStyle(document.documentElement)
    const accent = style.getPropertyValue('--accent')
    const axis = { stroke: style.getPropertyValue('--muted'), font: '11px sans-serif', grid: { stroke: style.getPropertyValue('--line'), width: 1 }, ticks: { show: false } }
    const made = new uPlot(
      {
        width: Math.max(40, element.clientWidth),
        height,
        cursor: { show: false },
        legend: { show: false },
        padding: hasAxes ? [8, 8, 0, 0] : [2, 0, 2, 0],
        scales: { x: { time: false }, y: { range: (_plot, _low, high) => [0, Math.max(4, Math.ceil((high || 0) * 1.15))] } },
        axes: hasAxes
          ? [
              { ...axis, size: 24, values: (_plot, ticks) => ticks.map((tick) => (tick === 0 ? '0 s' : `${tick} s`)) },
              { ...axis, size: 40 },
            ]
          : [{ show: false }, { show: false }],
        series: [{}, { stroke: accent, width: 1.5, fill: `color-mix(in oklch, ${accent} 14%, transparent)`, points: { show: false } }],
      },
      [[], []],
      element,
    )
    plot.current = made
    const follow = new ResizeObserver(() => made.setSize({ width: Math.max(40, element.clientWidth), height }))
    follow.observe(element)
    return () => {
      follow.disconnect()
      made.destroy()
      plot.current = null
    }
  }, [height, hasAxes, theme])
  useEffect(() => {
    plot.current?.setData([values.map((_, place) => place - values.length + 1), [...values]])
  }, [values, theme])
  return <div ref={holder} role="img" aria-label={`${label}: ${values.at(-1) ?? 0}`} className="w-full" style={{ height }} />
}
