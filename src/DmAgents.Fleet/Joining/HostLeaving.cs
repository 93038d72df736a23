using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Fleet.Members;

namespace DmAgents.Fleet.Joining;

/// <summary>
/// Ends a host's membership: the authority revokes the host, then its key and certificate are deleted. Idempotent:
/// after a crash the same call completes the leave, because the authority answers a revoked host that it has left.
/// Without the authority, <see cref="MemberFiles.Remove"/> ends the membership on this host alone. The certificate then
/// stays valid until it is revoked or expires.
/// </summary>
public sealed class HostLeaving(MemberFiles files, JoinClient client)
{
    /// <summary>Null if the host is no longer a member, or never was.</summary>
    public async Task<Refusal?> LeaveAsync(MemberAddress address, CancellationToken cancellation)
    {
        var present = files.Find();
        if (!present.Succeeded)
            return present.Refusal;
        if (present.Value is not { } member)
            return Removed();
        using (member)
        {
            return await client.LeaveAsync(address, member, cancellation).ConfigureAwait(false) switch
            {
                JoinerResult.Left => Removed(),
                JoinerResult.Refused refused => refused.Refusal.ToRefusal("cannot leave the fleet", member.Host.Host),
                var result => throw new InvalidOperationException($"{result.GetType().Name} answers no leave"),
            };
        }
    }

    private Refusal? Removed() => files.Remove() is { Error: { } error }
        ? new Refusal(
            RefusalKind.Failed, "cannot delete the host's fleet files", error.Subject, error.ToString(),
            "see to the file system of the agent's directory, and leave again")
        : null;
}
