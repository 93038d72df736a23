using System.Net.Security;
using System.Net.Sockets;
using System.Security.Authentication;
using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Members;
using DmAgents.Fleet.Peers;

namespace DmAgents.Fleet.Joining;

/// <summary>The requesting side over connections: runs a <see cref="JoinerMachine"/> on each.</summary>
/// <param name="connect">Opens a connection to an address.</param>
public sealed class JoinClient(
    Func<MemberAddress, CancellationToken, Task<Stream>> connect, TimeProvider time, JoinLimits limits)
{
    /// <summary>Requests admission. The token authenticates the issuer, not the handshake.</summary>
    public Task<JoinerResult> JoinAsync(
        MemberAddress address, JoinerIntent.Join intent, CancellationToken cancellation) =>
        ExchangeAsync(address, intent, own: null, cancellation);

    /// <summary>Makes the mutual handshake with the host's own certificate, and asks whether the issuer trusts
    /// it.</summary>
    public Task<JoinerResult> TryAsync(MemberAddress address, Member own, CancellationToken cancellation) =>
        ExchangeAsync(address, new JoinerIntent.Try(own.Trust), own.Certificate, cancellation);

    /// <summary>Asks what to trust, and for the members' addresses. A revoked host is refused with the
    /// reason.</summary>
    public Task<JoinerResult> UpdateAsync(MemberAddress address, Member own, FleetTrust trust,
        CancellationToken cancellation) =>
        ExchangeAsync(address, new JoinerIntent.Update(trust), own.Certificate, cancellation);

    /// <summary>Leaves the fleet in the authority's records.</summary>
    public Task<JoinerResult> LeaveAsync(MemberAddress address, Member own, CancellationToken cancellation) =>
        ExchangeAsync(address, new JoinerIntent.Leave(own.Trust), own.Certificate, cancellation);

    /// <summary>Requests the next certificate, for the present key.</summary>
    public async Task<JoinerResult> RenewAsync(MemberAddress address, Member own, CancellationToken cancellation)
    {
        using var key = own.Certificate.GetECDsaPrivateKey()
            ?? throw new InvalidOperationException("A member's certificate has its key");
        var request = Keys.RequestFor(own.Host.Host, key);
        var intent = new JoinerIntent.Renew(own.Trust, own.Host.Host, request, own.Host.Key);
        return await ExchangeAsync(address, intent, own.Certificate, cancellation).ConfigureAwait(false);
    }

    private async Task<JoinerResult> ExchangeAsync(
        MemberAddress address, JoinerIntent intent, X509Certificate2? own, CancellationToken cancellation)
    {
        var start = time.GetUtcNow();
        using var limit = new CancellationTokenSource(limits.Exchange, time);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(limit.Token, cancellation);
        try
        {
            var connection = await connect(address, either.Token).ConfigureAwait(false);
            await using var closing = connection.ConfigureAwait(false);
            var tls = new SslStream(connection, leaveInnerStreamOpen: true);
            await using var closingTls = tls.ConfigureAwait(false);
            // The machine judges the issuer after its hello, which names the authority.
            var options = FleetTls.Client(
                own, (_, certificate, _, _) => certificate is not null, fleet: null, host: null);
            await tls.AuthenticateAsClientAsync(options, either.Token).ConfigureAwait(false);
            using var issuer = tls.RemoteCertificate is null ? null : new X509Certificate2(tls.RemoteCertificate);
            var machine = new JoinerMachine(intent, issuer, start, limits.Exchange);
            return await RunAsync(machine, tls, either.Token).ConfigureAwait(false);
        }
        catch (OperationCanceledException) when (!cancellation.IsCancellationRequested)
        {
            return new JoinerResult.Refused(JoinRefusal.Silent(limits.Exchange));
        }
        catch (Exception cause) when (cause is IOException or AuthenticationException or SocketException)
        {
            return new JoinerResult.Refused(JoinRefusal.Unreachable($"{address}: {cause.Message}"));
        }
    }

    private async Task<JoinerResult> RunAsync(JoinerMachine machine, SslStream tls, CancellationToken cancellation)
    {
        var buffer = new byte[16 << 10];
        while (true)
        {
            var count = await tls.ReadAsync(buffer, cancellation).ConfigureAwait(false);
            JoinerInput input = count == 0
                ? new JoinerInput.Closed("the issuer closed the connection before it answered")
                : new JoinerInput.Received(buffer.AsMemory(0, count));
            foreach (var output in machine.Step(input, time.GetUtcNow()))
            {
                switch (output)
                {
                    case JoinerOutput.Send send:
                        await tls.WriteAsync(send.Bytes, cancellation).ConfigureAwait(false);
                        break;
                    case JoinerOutput.Finish finish:
                        return finish.Result;
                    default:
                        throw new InvalidOperationException($"{output.GetType().Name} is unknown");
                }
            }
        }
    }
}
