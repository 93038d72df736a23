using System.Collections.Immutable;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Fleet.Members;
using DmAgents.Fleet.Tokens;

namespace DmAgents.Fleet.Joining;

/// <summary>How a host's joining ended.</summary>
public abstract record JoinOutcome
{
    private JoinOutcome()
    {
    }

    /// <param name="Member">The member as read from disk.</param>
    /// <param name="Members">The members' addresses; empty if the host was already a member.</param>
    /// <param name="Trial">Null if the trial handshake succeeded and the issuer trusts the host; otherwise why it does
    /// not.</param>
    public sealed record Joined(Member Member, ImmutableArray<MemberAddress> Members, JoinRefusal? Trial) : JoinOutcome;

    /// <param name="Reason">The reason from the exchange; null if the host's own files are the cause.</param>
    public sealed record Refused(Refusal Refusal, JoinRefusalReason? Reason) : JoinOutcome;
}

/// <summary>
/// Makes a host a member: its key, the exchange, its files, then a mutual handshake as between members. Each step is
/// idempotent: after a crash the same call with the same token continues with the same key.
/// </summary>
public sealed class HostJoining(MemberFiles files, JoinClient client)
{
    public async Task<JoinOutcome> JoinAsync(
        MemberAddress address, JoinToken token, HostName host, CancellationToken cancellation)
    {
        var present = files.Find();
        if (!present.Succeeded)
            return new JoinOutcome.Refused(present.Refusal, Reason: null);
        if (present.Value is { } member)
        {
            if ((member.Fleet, member.Host.Host) == (token.Fleet, host))
                return await TryAsync(address, member, [], cancellation).ConfigureAwait(false);
            member.Dispose();
            return new JoinOutcome.Refused(AlreadyMember(member, host), Reason: null);
        }
        var key = files.EnsureKey();
        if (!key.Succeeded)
            return new JoinOutcome.Refused(key.Refusal, Reason: null);
        using var own = key.Value;
        var intent = new JoinerIntent.Join(token, host, own.RequestFor(host), own.Fingerprint);
        var result = await client.JoinAsync(address, intent, cancellation).ConfigureAwait(false);
        return result switch
        {
            JoinerResult.Given given => await KeepAsync(address, given, cancellation).ConfigureAwait(false),
            JoinerResult.Refused refused =>
                new JoinOutcome.Refused(refused.Refusal.ToRefusal(host), refused.Refusal.Reason),
            _ => throw new InvalidOperationException($"{result.GetType().Name} answers no join"),
        };
    }

    private async Task<JoinOutcome> KeepAsync(
        MemberAddress address, JoinerResult.Given given, CancellationToken cancellation)
    {
        var saved = files.Save(given.Trust, given.Certificate);
        if (!saved.Succeeded)
        {
            var refusal = new Refusal(
                RefusalKind.Failed, "cannot write the host's certificate", given.Host.Host.Value,
                saved.Error.ToString(),
                "see to the file system of the agent's directory, and join again with the same token");
            return new JoinOutcome.Refused(refusal, Reason: null);
        }
        var found = files.Find();
        return found.Succeeded
            ? await TryAsync(address, found.Value!, given.Members, cancellation).ConfigureAwait(false)
            : new JoinOutcome.Refused(found.Refusal, Reason: null);
    }

    private async Task<JoinOutcome> TryAsync(
        MemberAddress address, Member member, ImmutableArray<MemberAddress> members, CancellationToken cancellation)
    {
        var trial = await client.TryAsync(address, member, cancellation).ConfigureAwait(false);
        return new JoinOutcome.Joined(member, members, (trial as JoinerResult.Refused)?.Refusal);
    }

    private static Refusal AlreadyMember(Member member, HostName host) => new(
        RefusalKind.Exists, "cannot join the fleet", host.Value,
        $"this host is member {member.Host.Host} of fleet {member.Host.FleetName} ({member.Fleet})",
        "leave that fleet first");
}
