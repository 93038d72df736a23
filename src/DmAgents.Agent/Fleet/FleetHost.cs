using System.Collections.Immutable;
using System.Net;
using DmAgents.Actors.Fleet;
using DmAgents.Actors.Fleet.Entities;
using DmAgents.Agent.Configuration;
using DmAgents.Agent.Hosting;
using DmAgents.Agent.Services;
using DmAgents.Agent.Spread;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Members;
using DmAgents.Fleet.Peers;

namespace DmAgents.Agent.Fleet;

/// <summary>The host's membership during the daemon's life. Enters the fleet at the start if the host's files make it a
/// member, runs a member's parts, and leaves in order at the stop. A stop does not end the membership. No problem of
/// the fleet prevents the agent from starting.</summary>
internal sealed class FleetHost(
    AgentSettings settings, FleetStore store, FleetKeeper keeper, FleetIdentity identity,
    Func<IEnumerable<IFleetPart>> parts, Func<HostOrderDesk> orders, TimeProvider time, ILoggerFactory loggers, ILogger<FleetHost> log)
    : IHostedService, IDisposable
{
    private readonly SemaphoreSlim _gate = new(1);
    private readonly Lock _learning = new();
    private readonly Lock _entering = new();
    private readonly CancellationTokenSource _stopping = new();
    private bool _isKept;
    private bool _isLeaving;
    private bool _isStopping;
    private CancellationTokenSource? _end;
    private Task _running = Task.CompletedTask;
    private KnownMembers? _known;

    /// <summary>Null unless this host formed the fleet.</summary>
    public FleetAuthority? Authority { get; private set; }

    /// <summary>Null while the host is in no fleet.</summary>
    public KnownMembers? Known => Volatile.Read(ref _known);

    /// <summary>Why the host is in no fleet although it has fleet files.</summary>
    public Refusal? Damage { get; private set; }

    /// <summary>Why the authority refuses this host, so that it no longer takes part; null if it does not.</summary>
    public PeerExpulsion? Expulsion { get; private set; }

    /// <summary>Cancelled when the agent stops: the membership no longer changes.</summary>
    public CancellationToken Stopping => _stopping.Token;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var found = store.Find();
        if (!found.Succeeded)
        {
            Damage = found.Refusal;
            log.FilesDamaged(found.Refusal, found.Refusal.Next);
        }
        else if (found.Value is { } stored)
        {
            Enter(stored);
        }
        return Task.CompletedTask;
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        lock (_entering)
            _isStopping = true;
        await _stopping.CancelAsync().ConfigureAwait(false);
        using var patience = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        patience.CancelAfter(settings.StopDeadline);
        try
        {
            await GateAsync(() => ExitAsync(patience.Token), patience.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException)
        {
            // Also if the gate is not free.
            await keeper.LeaveAsync(patience.Token).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            log.NotLeft();
        }
    }

    /// <summary>Runs one change of the membership at a time. Refused while the agent stops.</summary>
    public async Task<T> AloneAsync<T>(Func<Task<T>> change, CancellationToken cancellation)
    {
        T? changed = default;
        await GateAsync(
            async () =>
            {
                RefuseIfStopping();
                changed = await change().ConfigureAwait(false);
            },
            cancellation).ConfigureAwait(false);
        return changed!;
    }

    /// <summary>Makes the host a member. Returns at once: the board shows the progress. Refused while the agent stops:
    /// the host's files make it a member at the next start.</summary>
    public void Enter(StoredMembership stored)
    {
        lock (_entering)
        {
            RefuseIfStopping();
            _isLeaving = false;
        }
        (Damage, Expulsion, Authority) = (null, null, stored.Authority);
        var address = settings.Fleet.Address ?? stored.Known.Address;
        var known = stored.Known with
        {
            Address = address,
            Issuer = stored.Authority is null ? stored.Known.Issuer : address,
        };
        lock (_learning)
            Keep(OnlyHosts(known));
        var trust = stored.Authority?.Trust ?? new TrustHolder(stored.Member.Trust);
        var validator = new PeerValidator(() => trust.Current, time);
        var place = new FleetPlace(stored.Member, address, known.Issuer, trust, validator);
        Take(place);
        _end = new CancellationTokenSource();
        _running = Task.WhenAll(parts().Select(part => RunAsync(part, place, _end.Token)));
    }

    /// <summary>The host has another certificate: starts a new life of the fleet's system, at the same
    /// address.</summary>
    public void Renewed(Member member) => TakeAgain(place => place with { Member = member });

    /// <summary>Enters anew with the members known at this moment.</summary>
    public void Again() => TakeAgain(place => place);

    /// <summary>The host no longer takes part, and works by itself; its files stay. Ends all parts that a member runs,
    /// and closes their ports. The caller is one of these parts, so this does not wait for their end.</summary>
    public async Task ExpelAsync(PeerExpulsion why)
    {
        lock (_entering)
            _isLeaving = true;
        Expulsion = why;
        log.Expelled(why.Why, why.Next);
        if (_end is { } end)
            await end.CancelAsync().ConfigureAwait(false);
        await keeper.LeaveAsync(CancellationToken.None).ConfigureAwait(false);
    }

    /// <summary>Ends the parts that a member runs, and leaves the fleet's cluster in order. The files stay.</summary>
    public async Task ExitAsync(CancellationToken cancellation)
    {
        lock (_entering)
            _isLeaving = true;
        if (_end is { } end)
            await end.CancelAsync().ConfigureAwait(false);
        // In parallel: a part that does not end must not keep the host in the cluster.
        await Task.WhenAll(_running.WaitAsync(cancellation), keeper.LeaveAsync(cancellation)).ConfigureAwait(false);
        _end?.Dispose();
        _end = null;
        identity.Current = null;
        lock (_learning)
            Volatile.Write(ref _known, null);
        Authority?.Dispose();
        (Authority, Expulsion) = (null, null);
    }

    /// <summary>The unreadable files have been removed.</summary>
    public void Forget() => Damage = null;

    /// <summary>Changes the known members, and stores them. Writes nothing if nothing changes: any stranger's
    /// connection leads here.</summary>
    public void Learn(Func<KnownMembers, KnownMembers> change)
    {
        lock (_learning)
        {
            if (_known is not { } known)
                return;
            var next = OnlyHosts(change(known));
            if (!_isKept || !next.IsSame(known))
                Keep(next);
        }
    }

    public void Dispose()
    {
        _end?.Dispose();
        _stopping.Dispose();
        _gate.Dispose();
    }

    /// <summary>On the host that formed the fleet: omits members that the authority no longer knows.</summary>
    private KnownMembers OnlyHosts(KnownMembers known) => Authority is { } authority
        ? known.Where(member => member.Host is not { } host || authority.State.Hosts.ContainsKey(host))
        : known;

    private void Keep(KnownMembers known)
    {
        Volatile.Write(ref _known, known);
        var written = store.Known.Write(known);
        _isKept = written.Succeeded;
        if (written.Error is { } error)
            log.MembersNotStored(error);
    }

    private async Task GateAsync(Func<Task> change, CancellationToken cancellation)
    {
        await _gate.WaitAsync(cancellation).ConfigureAwait(false);
        try
        {
            await change().ConfigureAwait(false);
        }
        finally
        {
            _gate.Release();
        }
    }

    private void RefuseIfStopping()
    {
        if (Volatile.Read(ref _isStopping))
        {
            throw Refusals.Because(
                RefusalKind.Busy, "cannot change the membership in a fleet", "this host", "the agent stops",
                "try again after its next start");
        }
    }

    private async Task RunAsync(IFleetPart part, FleetPlace place, CancellationToken end)
    {
        try
        {
            await part.RunAsync(place, end).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (end.IsCancellationRequested)
        {
        }
        // A fault in one part of the membership does not end the host's own work.
        catch (Exception cause) when (cause is not OutOfMemoryException)
        {
            log.PartEnded(cause, part.GetType().Name);
        }
    }

    /// <summary>Does nothing while the host leaves: it would otherwise rejoin the fleet after its leave.</summary>
    private void TakeAgain(Func<FleetPlace, FleetPlace> next)
    {
        lock (_entering)
        {
            if (!_isLeaving && identity.Current is { } place)
                Take(next(place));
        }
    }

    private void Take(FleetPlace place)
    {
        identity.Current = place;
        keeper.Enter(new FleetEntry(
            new FleetSettings(place.Fleet, place.Host, place.Address)
            {
                Listen = settings.Fleet.Listen is { } listen ? new IPEndPoint(listen, place.Address.Port) : null,
                Seeds = Seeds(),
                FormAfter = settings.Fleet.FormAfter,
                Times = settings.Fleet.Times,
                Version = Version.TryParse(AgentVersion.Text.Split('-')[0], out var version) ? version : new(0, 1),
                LogLevel = LevelOf(settings.LogLevel),
                LogBridge = typeof(FleetLogBridge),
                Overrides = settings.Fleet.Overrides,
                Entities = settings.Fleet.Database is { } database
                    ? new FleetEntitySettings(new Actors.Fleet.Database.FleetIdentity(place.Id, place.Fleet), database)
                    {
                        DatabaseTimes = settings.Fleet.DatabaseTimes,
                        Spread = orders().Settings,
                    }
                    : null,
            },
            place.Certificate, place.Validator)
        {
            Setups = [new AkkaLogSetup(loggers)],
            SeedsNow = Seeds,
        });
    }

    /// <summary>The agent's own level, but no higher than info at debug: Akka's debug messages are too many. The bridge
    /// makes Akka's own info a debug message.</summary>
    internal static Akka.Event.LogLevel LevelOf(LogLevel level) => level switch
    {
        LogLevel.Debug or LogLevel.Trace or LogLevel.Information => Akka.Event.LogLevel.InfoLevel,
        LogLevel.Warning => Akka.Event.LogLevel.WarningLevel,
        _ => Akka.Event.LogLevel.ErrorLevel,
    };

    private ImmutableArray<MemberAddress> Seeds() =>
        settings.Fleet.Seeds.IsEmpty ? Known?.Seeds ?? [] : settings.Fleet.Seeds;
}

/// <summary>Why the authority refuses a member.</summary>
internal sealed record PeerExpulsion(string Why, string Next, DateTimeOffset At);
