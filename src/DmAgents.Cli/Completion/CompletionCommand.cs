using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Completion;

internal static class CompletionCommand
{
    public static CliCommand Build(CliShell shell) => new(
        "completion", "Print a script that teaches a shell to complete dmagent.",
        "source <(dmagent completion bash)")
    {
        For(shell, "bash", "source <(dmagent completion bash)",
            "dmagent completion bash > /etc/bash_completion.d/dmagent"),
        For(shell, "zsh", "dmagent completion zsh > \"${fpath[1]}/_dmagent\""),
        For(shell, "fish", "dmagent completion fish > ~/.config/fish/completions/dmagent.fish"),
    };

    private static CliCommand For(CliShell shell, string name, params string[] examples)
    {
        var command = new CliCommand(name, $"Print the script for {name}.", examples);
        command.SetAction(_ => shell.Environment.Out.Write(Script(name)));
        return command;
    }

    private static string Script(string name)
    {
        using var stream = typeof(CompletionCommand).Assembly.GetManifestResourceStream($"completion.{name}")
            ?? throw new InvalidOperationException($"the script for {name} is not in the assembly");
        using var reader = new StreamReader(stream);
        return reader.ReadToEnd();
    }
}
