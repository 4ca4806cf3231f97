" :LspExpertsStatus: which expert serves the current document, and why the last answer was empty.

function! lsp_experts#status#show() abort
    if lsp_experts#client#serves()
        call lsp_experts#client#request('lspExperts/status', {}, {status -> s:say(status)})
    endif
endfunction

" The reason for the last empty answer; empty if there was none.
function! lsp_experts#status#silence(status) abort
    let l:silence = get(a:status, 'lastSilence', v:null)

    return type(l:silence) is v:t_dict ? l:silence.reason : ''
endfunction

function! s:say(status) abort
    echomsg 'LSP Experts: ' . (a:status.enabled ? s:serving(a:status) : 'off, by the setting "enabled"')
endfunction

" The language, its experts with their states, and the last silence.
function! s:serving(status) abort
    if type(a:status.focused) isnot v:t_dict
        return 'no document is open'
    endif

    let l:ids = map(copy(a:status.focused.experts), 'v:val.id')
    let l:states = map(filter(copy(a:status.experts), 'index(l:ids, v:val.id) >= 0'), 'v:val.id . " " . v:val.state')
    let l:silence = lsp_experts#status#silence(a:status)

    return a:status.focused.language . ': '
    \   . (empty(l:states) ? 'no expert is installed' : join(l:states, ', '))
    \   . (empty(l:silence) ? '' : '; last silence: ' . l:silence)
endfunction
