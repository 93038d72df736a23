using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Images;

/// <summary>How a registry is spoken to, as one says it on a command line.</summary>
internal sealed class RegistryOptions
{
    /// <summary>What skopeo, podman and buildah take it from, too.</summary>
    private const string AuthFileVariable = "REGISTRY_AUTH_FILE";

    private readonly CliShell _shell;

    public RegistryOptions(CliShell shell) => _shell = shell;

    public Option<string?> AuthFile { get; } = new("--authfile")
    {
        Description = $"File with credentials, on the agent's host [default: ${AuthFileVariable}, or root's own]",
        HelpName = "path",
    };

    public Option<bool> Insecure { get; } = new("--insecure")
    {
        Description = "Also a registry without TLS, or with a certificate that no known authority signed",
    };

    public RegistryAccess Of(AgentCall call)
    {
        var file = call.Parsed.GetValue(AuthFile) ?? _shell.Environment.Variable(AuthFileVariable);
        return new RegistryAccess
        {
            AuthFile = string.IsNullOrEmpty(file) ? "" : call.FullPath(file),
            Insecure = call.Parsed.GetValue(Insecure),
        };
    }
}
