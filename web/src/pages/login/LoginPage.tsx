import { useMutation, useQueryClient } from '@tanstack/react-query'
import { useNavigate, useSearch } from '@tanstack/react-router'
import { useEffect, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { call } from '@/api/client'
import { Failure } from '@/api/failure'
import { Button } from '@/components/ui/button'
import { Field, Input } from '@/components/ui/field'
import { messageOf } from '@/components/ui/states'
import type { Search } from '@/lib/filters'
import { CodeBoxes } from './CodeBoxes'

const RESEND_SECS = 60
const PHONE = /^1\d{10}$/

/** Only a path of this console is gone back to. */
export const safeBack = (back: string | undefined) => (back && /^\/(?![/\\])/.test(back) && !back.startsWith('/login') ? back : '/')

function useCountdown() {
  const [left, setLeft] = useState(0)
  useEffect(() => {
    if (left <= 0) return
    const timer = setTimeout(() => setLeft(left - 1), 1_000)
    return () => clearTimeout(timer)
  }, [left])
  return [left, setLeft] as const
}

export function LoginPage() {
  const { t } = useTranslation()
  const { ticket, back } = useSearch({ strict: false }) as Search
  const navigate = useNavigate()
  const queries = useQueryClient()
  const [phone, setPhone] = useState('')
  const [code, setCode] = useState('')
  const [phoneError, setPhoneError] = useState<string>()
  const [left, setLeft] = useCountdown()

  const enter = async () => {
    await queries.resetQueries({ queryKey: ['user'] })
    await navigate({ href: safeBack(back), replace: true })
  }
  const exchange = useMutation({ mutationFn: (ticket: string) => call('POST', '/api/user/ticket', { ticket }), onSuccess: enter })
  const send = useMutation({
    mutationFn: () => call('POST', '/api/user/send-sms', { phone }),
    onSuccess: () => setLeft(RESEND_SECS),
    onError: (error) => {
      if (error instanceof Failure && error.fields.phone) setPhoneError(error.fields.phone)
    },
  })
  const login = useMutation({ mutationFn: () => call('POST', '/api/user/login', { phone, code }), onSuccess: enter })

  const { mutate: exchangeTicket } = exchange
  useEffect(() => {
    if (ticket) exchangeTicket(ticket)
  }, [ticket, exchangeTicket])
  useEffect(() => {
    document.title = `${t('login.title')} · WorkBot`
  }, [t])

  const isPhone = () => {
    const isValid = PHONE.test(phone)
    setPhoneError(isValid ? undefined : t('login.phoneInvalid'))
    return isValid
  }
  const failure = login.error ?? send.error
  return (
    <main className="grid h-full place-items-center bg-sunken p-6">
      <form
        className="flex w-full max-w-sm flex-col gap-5 rounded-xl border bg-surface p-8 shadow-sm"
        noValidate
        onSubmit={(event) => {
          event.preventDefault()
          if (isPhone() && code.length === 6) login.mutate()
        }}
      >
        <div className="flex items-center gap-3">
          <img src="/icon.svg" alt="" className="size-9" />
          <div>
            <h1 className="text-lg font-semibold">{t('login.title')}</h1>
            <p className="text-[13px] text-muted">{t('login.lead')}</p>
          </div>
        </div>
        {exchange.isPending ? <p role="status">{t('login.ticket')}</p> : null}
        {exchange.isError ? <p role="alert" className="rounded-md bg-bad/12 px-3 py-2 text-[13px] text-bad">{t('login.ticketFailed')}</p> : null}
        <Field label={t('login.phone')} error={phoneError}>
          {(attributes) => (
            <div className="flex gap-2">
              <Input {...attributes} className="h-9" type="tel" inputMode="numeric" autoComplete="tel-national" maxLength={11} value={phone} onChange={(event) => setPhone(event.target.value.replace(/\D/g, ''))} />
              <Button className="h-9" disabled={left > 0 || send.isPending} onClick={() => isPhone() && send.mutate()}>
                {left > 0 ? t('login.resend', { seconds: left }) : t('login.getCode')}
              </Button>
            </div>
          )}
        </Field>
        <CodeBoxes value={code} onChange={setCode} />
        {send.isSuccess ? <p role="status" className="text-[13px] text-muted">{t('login.sent')}</p> : null}
        {failure ? <p role="alert" className="rounded-md bg-bad/12 px-3 py-2 text-[13px] text-bad">{messageOf(failure, t('state.noAnswer'))}</p> : null}
        <Button type="submit" variant="primary" className="h-9" disabled={code.length !== 6 || code.includes(' ') || login.isPending}>
          {t('login.submit')}
        </Button>
        <p className="text-xs text-muted">{t('login.development')}</p>
      </form>
    </main>
  )
}
