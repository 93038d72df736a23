using System.Collections.Immutable;
using System.Diagnostics;
using DmAgents.Actors.Events;
using DmAgents.Actors.Hosts;
using DmAgents.Actors.Pools;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Hosting;
using DmAgents.Agent.UseCases;
using DmAgents.Domain.Devices;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Domain.Units;
using DmAgents.Kernel.Files;
using Microsoft.Extensions.Hosting.Systemd;
using Microsoft.Extensions.Logging;

namespace DmAgents.Bench;

/// <summary>The agent's actors and journal, started by the daemon's own code; asked as its services ask them.</summary>
internal sealed class ActorSide : Side, IAsyncDisposable
{
    private static readonly TimeSpan Deadline = TimeSpan.FromSeconds(60);

    private readonly IKernel _kernel;
    private readonly PoolIdentity _identity;
    private readonly AgentSettings _settings;
    private readonly PoolBoard _board = new();
    private readonly HostPools _pools;
    private readonly ActorsHost _host;

    public ActorSide(IKernel kernel, PoolIdentity identity, AgentSettings settings, ILoggerFactory loggers)
    {
        (_kernel, _identity, _settings) = (kernel, identity, settings);
        var files = new LinuxDurableFiles();
        _pools = new HostPools(_board, Deadline, TimeProvider.System);
        _host = new ActorsHost(
            settings, kernel, files, _board, new HostEventLog(), _pools, new OwnerlessPools(files, _board, settings),
            TimeProvider.System, new StartReport(new SystemdNotifier(), _ => { }, TimeProvider.System), loggers);
    }

    public override string Name => "actors";

    public async Task Open()
    {
        JournalDatabase.Prepare(_settings);
        await _host.StartAsync(CancellationToken.None).ConfigureAwait(false);
        var created = await Send(new PoolCommands.Initialize(
            NewRequest(), _identity.Uuid, _identity.Name, _identity.Backing, _identity.BlockSize,
            _identity.FileSystem, _identity.BaseSize, TimeProvider.System.GetUtcNow())).ConfigureAwait(false);
        Must(created);
    }

    public override ValueTask Create(int number) => Ask(Creation(number, DeviceUse.Idle));

    public override ValueTask Activate(int number) => Ask(Use(number, DeviceUse.Active));

    public override ValueTask Mount(int number) => Ask(Use(number, DeviceUse.Mounted));

    public override ValueTask Unmount(int number) => Ask(Use(number, DeviceUse.Active));

    public override ValueTask Deactivate(int number) => Ask(Use(number, DeviceUse.Idle));

    public override ValueTask Remove(int number) => Ask(Removal(number));

    public override ValueTask Prepare(int number) => Ask(Creation(number, DeviceUse.Active));

    public override ValueTask Start(int number) => Ask(Creation(number, DeviceUse.Mounted));

    public override ValueTask Stop(int number) => Ask(Use(number, DeviceUse.Idle));

    /// <summary>By then the outcomes that waited for a write are in the journal, and the projection's files, which wait
    /// for a pause, are on the disk.</summary>
    public override async Task Settle()
    {
        await BlocksAreBack(pause: 10).ConfigureAwait(false);
        await Task.Delay(_settings.Pools.OutcomeDelay + TimeSpan.FromMilliseconds(400)).ConfigureAwait(false);
    }

    public override void Write(int number)
    {
        var device = Picture().State.Find(KeyOf(number))!;
        if (Blocks.Write(_kernel, DeviceNames.Thin(_identity.Name, device.Id).Path).Error is { } error)
            throw new InvalidOperationException($"actors: {error}");
    }

    public override async Task RemoveAll(IReadOnlyList<int> numbers)
    {
        await Task.WhenAll(numbers.Select(n => Ask(Removal(n)).AsTask())).ConfigureAwait(false);
        await BlocksAreBack(pause: 1).ConfigureAwait(false);
    }

    public override async Task<long[]> CreateAll(IReadOnlyList<int> numbers)
    {
        var commands = numbers.Select(n => Creation(n, DeviceUse.Idle)).ToList();
        var answers = commands.Select(command => Send(command).ContinueWith(
            answer =>
            {
                var at = Stopwatch.GetTimestamp();
                Must(answer.GetAwaiter().GetResult());
                return at;
            },
            CancellationToken.None, TaskContinuationOptions.ExecuteSynchronously, TaskScheduler.Default)).ToList();
        var done = await Task.WhenAll(answers).ConfigureAwait(false);
        Array.Sort(done);
        return done;
    }

    public MappedName Pool => DeviceNames.Pool(_identity.Name);

    /// <summary>Removals that are answered and whose blocks are not back.</summary>
    public int Deletions => Picture().Deletions.Count;

    /// <summary>A container of another size than the base, active.</summary>
    public async Task<MappedName> PrepareLarge(int number, ByteSize size)
    {
        await Ask(Creation(number, DeviceUse.Active) with { Size = size }).ConfigureAwait(false);
        return DeviceOf(number);
    }

    public MappedName DeviceOf(int number) =>
        DeviceNames.Thin(_identity.Name, Picture().State.Find(KeyOf(number))!.Id);

    public override ulong UsedBlocks() => _kernel.PoolStatus(DeviceNames.Pool(_identity.Name)).Value.Data.Used;

    /// <summary>A request that the pool's actor refuses at once: the way there and back, no journal, no
    /// kernel.</summary>
    public async Task<long> WayAndBack()
    {
        var begun = Stopwatch.GetTimestamp();
        var answer = await Send(Use(number: -1, DeviceUse.Idle)).ConfigureAwait(false);
        var taken = Stopwatch.GetTimestamp() - begun;
        return answer is PoolReplies.Refused
            ? taken
            : throw new InvalidOperationException("actors: a container that never was is idle now");
    }

    public async ValueTask DisposeAsync() => await _host.StopAsync(CancellationToken.None).ConfigureAwait(false);

    private async Task BlocksAreBack(int pause)
    {
        while (Picture().Deletions.Count > 0)
            await Task.Delay(pause).ConfigureAwait(false);
    }

    private PoolPicture Picture() => _board.Find(_identity.Name)!;

    private async ValueTask Ask(PoolCommand command) => Must(await Send(command).ConfigureAwait(false));

    private Task<PoolReply> Send(PoolCommand command) =>
        _pools.Ask(_identity.Name, command, CancellationToken.None);

    private static void Must(PoolReply reply)
    {
        if (reply is PoolReplies.Refused refused)
            throw new InvalidOperationException($"actors: {refused.Refusal}");
    }

    private static PoolCommands.CreateSnapshot Creation(int number, DeviceUse use) => new(
        NewRequest(), KeyOf(number), Parent: null, Size: null, FileSystem: null, use,
        ImmutableSortedDictionary<string, string>.Empty, TimeProvider.System.GetUtcNow());

    private static PoolCommands.SetUse Use(int number, DeviceUse use) =>
        new(NewRequest(), KeyOf(number), use, ReadOnly: false, TimeProvider.System.GetUtcNow());

    private static PoolCommands.Remove Removal(int number) =>
        new(NewRequest(), KeyOf(number), Force: false, TimeProvider.System.GetUtcNow());

    private static DeviceKey KeyOf(int number) => DeviceKey.Container($"c{number}");

    private static RequestId NewRequest() => new(Guid.NewGuid());
}
