using System.Collections.Immutable;
using System.Diagnostics.CodeAnalysis;
using System.Net.Security;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Peers;

namespace DmAgents.Fleet.Joining;

/// <summary>
/// The issuer's side over connections: runs an <see cref="IssuerMachine"/> on each. A refused certificate does not end
/// the handshake here, so that its host learns the reason; it only gives the right to ask.
/// </summary>
/// <param name="authority">Makes the decisions.</param>
/// <param name="own">The issuer's present certificate with its key.</param>
/// <param name="members">The members' present addresses.</param>
/// <param name="finished">Called at the end of each exchange: null if the peer's request succeeded.</param>
public sealed class JoinService(
    FleetAuthority authority, Func<X509Certificate2> own, Func<ImmutableArray<MemberAddress>> members,
    TimeProvider time, JoinLimits limits, Action<JoinRefusal?> finished)
{
    /// <summary>The address at which a leaving host is still a member, because another host has its identity; null:
    /// there is none. May wait until the members are known.</summary>
    public Func<HostName, CancellationToken, Task<string?>> TwinOf { get; init; } =
        (_, _) => Task.FromResult<string?>(null);

    private readonly PeerValidator _validator = new(() => authority.Trust.Current, time);
    private readonly JoinSlots _slots = new(limits);

    /// <summary>Serves one connection to its end and closes it. Throws only on cancellation.</summary>
    public async Task ServeAsync(Stream connection, CancellationToken cancellation)
    {
        await using var closing = connection.ConfigureAwait(false);
        using var slot = _slots.Enter(connection);
        finished(slot is null
            ? JoinRefusal.Busy()
            : await ServeWithinAsync(connection, slot, cancellation).ConfigureAwait(false));
    }

    [SuppressMessage("Security", "CA5359", Justification = "the verdict is kept: a refused peer gets its reason only")]
    private async Task<JoinRefusal?> ServeWithinAsync(
        Stream connection, JoinSlots.Slot slot, CancellationToken cancellation)
    {
        var start = time.GetUtcNow();
        using var limit = new CancellationTokenSource(limits.Exchange, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            PeerVerdict shown = new PeerVerdict.Refused(PeerRefusal.NoCertificate());
            var judge = _validator.Callback(expected: null, verdict => shown = verdict);
            var options = FleetTls.Server(own(), (sender, certificate, chain, errors) =>
            {
                judge(sender, certificate, chain, errors);
                return true;
            });
            var tls = new SslStream(connection, leaveInnerStreamOpen: true);
            await using var closing = tls.ConfigureAwait(false);
            if (!await ShakeHandsAsync(tls, options, either.Token).ConfigureAwait(false))
                return JoinRefusal.Silent(limits.Handshake);
            if (shown is PeerVerdict.Accepted)
                slot.IsMembers();
            var refusal = await ExchangeAsync(tls, shown, slot.IsBusy, start, either.Token).ConfigureAwait(false);
            await ShutDownAsync(tls, either.Token).ConfigureAwait(false);
            return refusal;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return JoinRefusal.Silent(limits.Exchange);
        }
        catch (Exception cause) when (cause is IOException or AuthenticationException)
        {
            return JoinRefusal.Unreachable(cause.Message);
        }
    }

    /// <summary>False if the handshake took too long.</summary>
    private async Task<bool> ShakeHandsAsync(
        SslStream tls, SslServerAuthenticationOptions options, CancellationToken cancellation)
    {
        using var limit = new CancellationTokenSource(limits.Handshake, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            await tls.AuthenticateAsServerAsync(options, either.Token).ConfigureAwait(false);
            return true;
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return false;
        }
    }

    /// <summary>The exchange has ended with its answer. A peer may close the connection before this is sent.</summary>
    private static async Task ShutDownAsync(SslStream tls, CancellationToken cancellation)
    {
        try
        {
            await tls.ShutdownAsync().WaitAsync(cancellation).ConfigureAwait(false);
        }
        catch (Exception cause) when (cause is IOException or OperationCanceledException)
        {
        }
    }

    private async Task<JoinRefusal?> ExchangeAsync(
        SslStream tls, PeerVerdict shown, bool isBusy, DateTimeOffset start, CancellationToken cancellation)
    {
        var machine = new IssuerMachine(shown, start, limits.Exchange);
        await tls.WriteAsync(IssuerMachine.Hello(authority.Trust.Current, time.GetUtcNow()), cancellation)
            .ConfigureAwait(false);
        if (isBusy)
        {
            var busy = JoinRefusal.Busy();
            await tls.WriteAsync(JoinWire.Write(new JoinMessages.Refused(busy)), cancellation).ConfigureAwait(false);
            return busy;
        }
        var buffer = new byte[JoinWire.MaxQuestion];
        while (true)
        {
            var count = await tls.ReadAsync(buffer, cancellation).ConfigureAwait(false);
            var pending = new Queue<IssuerOutput>(machine.Step(
                count == 0 ? new IssuerInput.Closed() : new IssuerInput.Received(buffer.AsMemory(0, count)),
                time.GetUtcNow()));
            while (pending.TryDequeue(out var output))
            {
                switch (output)
                {
                    case IssuerOutput.Send send:
                        await tls.WriteAsync(send.Bytes, cancellation).ConfigureAwait(false);
                        break;
                    case IssuerOutput.Finish finish:
                        return finish.Refusal;
                    default:
                        var decided = output is IssuerOutput.Revoke { Host: var leaving }
                            && await TwinOf(leaving, cancellation).ConfigureAwait(false) is { } at
                                ? new IssuerInput.Twin(at)
                                : Decide(output);
                        foreach (var next in machine.Step(decided, time.GetUtcNow()))
                            pending.Enqueue(next);
                        break;
                }
            }
        }
    }

    /// <summary>Runs on this thread, because it is one short, durable write.</summary>
    private IssuerInput Decide(IssuerOutput output)
    {
        if (output is IssuerOutput.Revoke revoke)
            return new IssuerInput.Revoked(authority.Revoke(revoke.Host).Refusal);
        if (output is IssuerOutput.Update)
            return new IssuerInput.Updated(authority.Trust.Current, members());
        var admission = output switch
        {
            IssuerOutput.Admit admit => authority.Admit(admit.Token, admit.Host, admit.Request),
            IssuerOutput.Renew renew => authority.Renew(renew.Shown, renew.Request),
            _ => throw new InvalidOperationException($"{output.GetType().Name} is unknown"),
        };
        return new IssuerInput.Decided(admission, authority.Trust.Current, members());
    }
}
