import type { Command } from 'commander';
import { EXIT, type ExitCode } from '../exit-codes.js';
import type { CommandBody, Run } from '../run.js';

type Shell = 'bash' | 'zsh' | 'fish';

/** A place in the tree of commands and what may follow there. */
interface Node {
  /** `submit upgrade`; empty for `rehome` itself. */
  readonly path: string;
  readonly words: readonly Word[];
}

interface Word {
  readonly word: string;
  readonly description: string;
  /** What may follow a flag or stand as an argument; empty when anything may. */
  readonly values: readonly string[];
  /** A flag that wants something behind it. */
  readonly takesValue: boolean;
}

/** Made from the command tree, so a new command or flag is completed without anybody thinking of it. */
export function completionOf(program: Command): CommandBody<readonly [Shell]> {
  return (run: Run, [shell]): Promise<ExitCode> => {
    run.out({ bash, zsh, fish }[shell](nodesOf(program)));
    return Promise.resolve(EXIT.done);
  };
}

function nodesOf(program: Command): Node[] {
  const flags = wordsOfOptions(program);
  const visit = (command: Command, path: string): Node[] => [
    {
      path,
      words: [
        ...command.commands.map((child) => ({
          word: child.name(),
          description: child.description(),
          values: [],
          takesValue: false,
        })),
        ...command.registeredArguments.flatMap(({ argChoices = [] }) =>
          argChoices.map((choice) => ({ word: choice, description: '', values: [], takesValue: false })),
        ),
        ...(path === '' ? [] : wordsOfOptions(command)),
        ...flags,
      ],
    },
    ...command.commands.flatMap((child) => visit(child, path === '' ? child.name() : `${path} ${child.name()}`)),
  ];
  return visit(program, '');
}

function wordsOfOptions(command: Command): Word[] {
  return command.options.flatMap(({ long, description, required, argChoices = [] }) =>
    !long ? [] : [{ word: long, description, values: argChoices, takesValue: required }],
  );
}

function bash(nodes: readonly Node[]): string {
  const cases = nodes.map(({ path, words }) => `    '${path}') words='${words.map(({ word }) => word).join(' ')}' ;;`);
  return `# bash completion of rehome; load it: source <(rehome completion bash)
_rehome() {
  local current=\${COMP_WORDS[COMP_CWORD]} before=\${COMP_WORDS[COMP_CWORD-1]} path= words= word
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) if _rehome_knows "\${path:+$path }$word"; then path=\${path:+$path }$word; fi ;; esac
  done
  case "$before" in
${valuesOf(nodes)
  .map(([flag, values]) => `    ${flag}) COMPREPLY=($(compgen -W '${values}' -- "$current")); return ;;`)
  .join('\n')}
    --file|--key-file) COMPREPLY=($(compgen -f -- "$current")); return ;;
  esac
  case "$path" in
${cases.join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
_rehome_knows() {
  case "$1" in ${nodes
    .filter(({ path }) => path !== '')
    .map(({ path }) => `'${path}'`)
    .join('|')}) return 0 ;; esac
  return 1
}
complete -o default -F _rehome rehome`;
}

/** zsh reads bash's completions. */
function zsh(nodes: readonly Node[]): string {
  return `#compdef rehome
autoload -U +X bashcompinit && bashcompinit
${bash(nodes).replace('# bash completion of rehome; load it: source <(rehome completion bash)', '# zsh completion of rehome; load it: source <(rehome completion zsh)')}`;
}

function fish(nodes: readonly Node[]): string {
  const lines = nodes.flatMap(({ path, words }) =>
    words.map(({ word, description, values, takesValue }) => {
      const condition = `-n '__rehome_at "${path}"'`;
      const what = word.startsWith('--')
        ? `-l ${word.slice(2)}${values.length > 0 ? ` -xa '${values.join(' ')}'` : takesValue ? ' -r' : ''}`
        : `-f -a ${word}`;
      return `complete -c rehome ${condition} ${what} -d '${description.replaceAll("'", '’')}'`;
    }),
  );
  return `# fish completion of rehome; load it: rehome completion fish | source
set -g __rehome_paths ${nodes
    .filter(({ path }) => path !== '')
    .map(({ path }) => `'${path}'`)
    .join(' ')}
function __rehome_at
  set -l words (commandline -opc | string match -v -- '-*')
  set -l at ''
  for word in $words
    # What is no command, such as an argument or the program itself, leads nowhere.
    set -l longer (string trim -- "$at $word")
    if contains -- "$longer" $__rehome_paths
      set at "$longer"
    end
  end
  test "$at" = "$argv[1]"
end
${lines.join('\n')}`;
}

/** Flags that take one of a few words, each once. */
function valuesOf(nodes: readonly Node[]): [string, string][] {
  const values = new Map<string, Set<string>>();
  for (const { words } of nodes)
    for (const { word, values: choices } of words)
      if (choices.length > 0) values.set(word, new Set([...(values.get(word) ?? []), ...choices]));
  return [...values].map(([flag, choices]) => [flag, [...choices].join(' ')]);
}
