using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Images;

/// <summary>The options for access to a registry.</summary>
internal sealed class RegistryOptions
{
    /// <summary>skopeo, podman and buildah use this variable, too.</summary>
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
