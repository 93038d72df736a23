using System.CommandLine;
using DmAgents.Api.Admin.V1;
using DmAgents.Cli.Agent;
using DmAgents.Cli.Output;
using DmAgents.Cli.Shell;

namespace DmAgents.Cli.Pools;

/// <summary>pool adopt-docker: inspects, takes over, and then either confirms or undoes.</summary>
internal sealed class PoolAdoptDocker
{
    private readonly Argument<string?> _dataRoot = new("data-root")
    {
        Description = "Docker's data root (docker info: Docker Root Dir)",
        Arity = ArgumentArity.ZeroOrOne,
    };

    private readonly Option<string?> _name = new("--name")
    {
        Description = "Name of the pool from here on: a-z, 0-9 and dashes, up to 32",
        HelpName = "name",
    };

    private readonly Option<string?> _thinPool = new("--thin-pool")
    {
        Description = "The pool by its device-mapper name, where Docker had it by dm.thinpooldev or "
            + "dm.directlvm_device",
        HelpName = "dm-name",
    };

    private readonly Option<bool> _dryRun = new("--dry-run")
    {
        Description = "Only tell what would be adopted, and what not and why. Changes nothing",
    };

    private readonly Option<string?> _confirm = new("--confirm")
    {
        Description = "Make an adopted pool the agent's for good: from then on all of it can be written and removed",
        HelpName = "name",
    };

    private readonly Option<string?> _undo = new("--undo")
    {
        Description = "Give an adopted pool back to Docker as it was: what was made in it since is LOST",
        HelpName = "name",
    };

    public static CliCommand Build(CliShell shell) => new PoolAdoptDocker().Command(shell);

    private CliCommand Command(CliShell shell)
    {
        _confirm.CompletionSources.Add(Completion.Names.Of(shell, Completion.Names.Pools));
        _undo.CompletionSources.Add(Completion.Names.Of(shell, Completion.Names.Pools));
        var command = new CliCommand(
            "adopt-docker",
            "Take over the pool of a Docker before v25 (driver devicemapper) in place, with its images and stopped "
            + "containers. No block is copied, and until it is confirmed it can be undone.",
            "dmagent pool adopt-docker /var/lib/docker --name old --dry-run",
            "dmagent pool adopt-docker /var/lib/docker --name old",
            "dmagent pool adopt-docker /var/lib/docker --name old --thin-pool docker-thinpool",
            "dmagent pool adopt-docker --confirm old",
            "dmagent pool adopt-docker --undo old")
        {
            _dataRoot, _name, _thinPool, _dryRun, _confirm, _undo, CommonSymbols.RequestId,
        };
        command.OnlyWith(_name, _thinPool, _dryRun);
        command.Validators.Add(result =>
        {
            var hasRoot = result.GetResult(_dataRoot) is { Tokens.Count: > 0 };
            if (new[] { hasRoot, CommonSymbols.Given(result, _confirm), CommonSymbols.Given(result, _undo) }
                .Count(given => given) != 1)
                result.AddError("Exactly one of a data root, --confirm and --undo is needed.");
            if (hasRoot != CommonSymbols.Given(result, _name))
                result.AddError("A data root and --name go only together.");
        });
        return command.Runs(shell, RunAsync);
    }

    private async Task RunAsync(AgentCall call)
    {
        if (call.Parsed.GetValue(_confirm) is { } confirmed)
        {
            var pool = await call.About(confirmed).Pools.ConfirmAdoptionAsync(
                new ConfirmAdoptionRequest { RequestId = call.RequestId(), Pool = confirmed }, call.Unary);
            call.Output.Sentence(pool, $"pool {pool.Name} is the agent's for good", pool.Name);
        }
        else if (call.Parsed.GetValue(_undo) is { } undone)
        {
            var reply = await call.About(undone).Pools.UndoAdoptionAsync(
                new UndoAdoptionRequest { RequestId = call.RequestId(), Pool = undone }, call.Unary);
            call.Output.Sentence(
                reply, $"pool {reply.Pool} is {reply.Program}'s again, as it was; {reply.Program} may be started",
                reply.Pool);
        }
        else
        {
            await AdoptAsync(call);
        }
    }

    private async Task AdoptAsync(AgentCall call)
    {
        var request = new AdoptDockerRequest
        {
            RequestId = call.RequestId(),
            Name = call.Parsed.GetRequiredValue(_name)!,
            DataRoot = call.FullPath(call.Parsed.GetRequiredValue(_dataRoot)!),
            DryRun = call.Parsed.GetValue(_dryRun),
        };
        if (call.Parsed.GetValue(_thinPool) is { } device)
            request.ThinPool = device;
        var reply = await call.About(request.Name).Pools.AdoptDockerAsync(request, call.Unary);
        call.Output.Document(reply, console => AdoptionView.Write(console, reply), reply.Pool);
    }
}
