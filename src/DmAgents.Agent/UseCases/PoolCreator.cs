using DmAgents.Agent.Configuration;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Pools.Planning;
using DmAgents.Domain.Ports;

namespace DmAgents.Agent.UseCases;

/// <summary>Which pool to create.</summary>
/// <param name="BlockSize">Null: from the settings.</param>
/// <param name="FileSystem">Null: from the settings.</param>
/// <param name="Force">Overwrite what is on its disks.</param>
internal sealed record CreationAsked(
    RequestId Request, PoolName Name, BackingRequest Backing, PoolBlockSize? BlockSize, FileSystemKind? FileSystem,
    bool Force);

/// <summary>A creation's current step, or what the operator should know.</summary>
/// <param name="Index">From 1 to <see cref="PoolCreator.Steps"/>; several reports may have the same.</param>
internal sealed record CreationStep(string What, int Index);

/// <summary>Creates a pool as an operator requests: plans it, makes it live and journals it.</summary>
internal sealed class PoolCreator(
    PoolGateway gateway, OwnerlessPools ownerless, IKernel kernel, AgentSettings settings)
{
    public const string What = "cannot create pool";

    public const int Steps = 3;

    /// <param name="report">Awaited before the next step begins.</param>
    public async Task Create(
        CreationAsked asked, Func<CreationStep, Task> report, CancellationToken cancellation)
    {
        // The uuid comes from the request: a retry finds the pool that the first try created.
        var uuid = new PoolUuid(asked.Request.Value);
        var made = gateway.Board.Find(asked.Name) is { } existing && existing.Uuid == uuid
            ? existing.State.Identity
            : null;
        var initialize = made is null
            ? await Planned(asked, uuid, report, cancellation).ConfigureAwait(false)
            // Its actor knows whether it is open by now.
            : new PoolCommands.Initialize(
                asked.Request, uuid, asked.Name, made.Backing, made.BlockSize, made.FileSystem, made.BaseSize,
                gateway.Now)
            {
                SectorSize = made.SectorSize,
            };
        await report(new CreationStep("writing labels, making the pool live, marking the first checkpoint", 2))
            .ConfigureAwait(false);
        await gateway.Ask(asked.Name, initialize, cancellation).ConfigureAwait(false);
        await report(new CreationStep("the pool is open", Steps)).ConfigureAwait(false);
    }

    private async Task<PoolCommands.Initialize> Planned(
        CreationAsked asked, PoolUuid uuid, Func<CreationStep, Task> report, CancellationToken cancellation)
    {
        ownerless.MustNotHave(What, asked.Name);
        await report(new CreationStep("looking at what it is to be made of", 1)).ConfigureAwait(false);
        var plan = await Task.Run(() => Plan(asked), cancellation).ConfigureAwait(false);
        foreach (var warning in plan.Warnings)
            await report(new CreationStep(warning, 1)).ConfigureAwait(false);
        var kind = asked.FileSystem ?? settings.FileSystem;
        if (PoolSizes.NoBase(What, asked.Name, kind, settings.BaseSize, plan.DataSize) is { } tooSmall)
            throw Refusals.Of(tooSmall);
        return new PoolCommands.Initialize(
            asked.Request, uuid, asked.Name, plan.Backing, plan.BlockSize, kind,
            PoolSizes.BaseSizeFor(kind, settings.BaseSize, plan.DataSize), gateway.Now)
        {
            SectorSize = plan.SectorSize,
        };
    }

    private BackingPlan.Planned Plan(CreationAsked asked) => new BackingPlanner(kernel).Plan(
        new PoolPaths(settings.StateDirectory, asked.Name), asked.Backing, asked.BlockSize ?? settings.BlockSize,
        asked.Force).OrRefused();
}
