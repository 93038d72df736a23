using DmAgents.Fleet.Joining;
using DmAgents.Fleet.Members;
using DmAgents.Fleet.Renewal;

namespace DmAgents.Agent.Fleet;

/// <summary>Renews the host's certificate before it expires, as <see cref="RenewalPlan"/> says. The host's own work
/// continues meanwhile; the fleet's actor system begins another life. The host that formed the fleet renews its own,
/// even an expired one.</summary>
internal sealed class FleetRenewal(
    FleetHost host, FleetIdentity identity, FleetStore store, JoinClient client, TimeProvider time,
    ILogger<FleetRenewal> log) : IFleetPart
{
    /// <summary>How often the clock is checked: it may be set meanwhile.</summary>
    internal static readonly TimeSpan Look = TimeSpan.FromMinutes(10);

    private RenewalFailures _failures = RenewalFailures.None;

    /// <summary>The certificate's state at this moment; null while the host is in no fleet.</summary>
    public RenewalStep? Step => identity.Current is { } place
        ? RenewalPlan.Next(place.HostCertificate, Volatile.Read(ref _failures), time.GetUtcNow())
        : null;

    public async Task RunAsync(FleetPlace place, CancellationToken end)
    {
        Volatile.Write(ref _failures, RenewalFailures.None);
        var logged = CertificateCondition.Good;
        while (identity.Current is { } present)
        {
            var now = time.GetUtcNow();
            var step = RenewalPlan.Next(present.HostCertificate, _failures, now);
            if (step.Condition != logged && step.Why.Length > 0)
                Log(step);
            logged = step.Condition;
            var wait = WaitFor(step, _failures, host.Authority is not null, now);
            if (wait > TimeSpan.Zero)
            {
                await Task.Delay(wait < Look ? wait : Look, time, end).ConfigureAwait(false);
                continue;
            }
            var refusal = await RenewAsync(present, end).ConfigureAwait(false);
            Volatile.Write(ref _failures, refusal is null
                ? RenewalFailures.None
                : new RenewalFailures(_failures.Count + 1, time.GetUtcNow(), refusal));
        }
    }

    /// <summary>Time until the next attempt. Only the host that formed the fleet renews an expired certificate: at each
    /// look.</summary>
    internal static TimeSpan WaitFor(RenewalStep step, RenewalFailures failures, bool isIssuer, DateTimeOffset now) =>
        step.RenewAt is { } at ? at - now
        : !isIssuer ? Look
        : failures.Count == 0 ? TimeSpan.Zero
        : failures.Last + Look - now;

    /// <summary>Null if the host has its next certificate; else why not.</summary>
    private async Task<string?> RenewAsync(FleetPlace present, CancellationToken end)
    {
        if (host.Authority is { } authority)
        {
            var own = FleetFounding.Renew(store.Members, authority, present.Host);
            return own.Succeeded ? Take(own.Value) : own.Refusal.Why;
        }
        var issuer = FleetPorts.JoinOf(host.Known?.Issuer ?? present.Issuer);
        var result = await client.RenewAsync(issuer, present.Member, end).ConfigureAwait(false);
        if (result is not JoinerResult.Given given)
            return ((JoinerResult.Refused)result).Refusal.Why;
        var saved = store.Members.Save(given.Trust, given.Certificate);
        if (!saved.Succeeded)
            return saved.Error.ToString();
        present.Trust.Offer(given.Trust);
        var found = store.Members.Find();
        return found.Succeeded ? Take(found.Value!) : found.Refusal.Why;
    }

    private void Log(RenewalStep step)
    {
        if (step.Condition is CertificateCondition.Ending or CertificateCondition.Ended)
            log.CertificateEnding(step.Why, step.Next);
        else
            log.CertificateNotRenewed(step.Why, step.Next);
    }

    private string? Take(Member member)
    {
        host.Renewed(member);
        log.CertificateRenewed(member.Host.Host, member.Host.NotAfter);
        return null;
    }
}
