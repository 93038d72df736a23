#!/usr/bin/env bash
# Akka.Remote 1.5.73: one outbound TLS handshake that fails.
#
# One would guess: a peer whose certificate is not trusted is an association that fails. Its address is gated, messages to
# it become dead letters, and the system goes on with its other peers, as it does if the peer refuses the connection.
# What is so: the dialing side runs the coordinated shutdown of its whole actor system (TlsHandshakeFailureReason, exit
# code 79), so that it is lost to all its peers. In a cluster of many hosts one peer with an ended certificate takes
# each host that dials it out of the cluster. The side that is dialed logs a warning and goes on. No setting changes it.
# What helps: a task in the first phase of CoordinatedShutdown that waits while ShutdownReason is none that one wants.
#
# Needs: the .NET SDK 10.
set -euo pipefail
. "$(dirname "$0")/lib/dotnet.sh"
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cd "$work"

project handshake Akka.Remote=1.5.73
cat > handshake.cs <<'CS'
using System.Security.Cryptography;
using System.Security.Cryptography.X509Certificates;
using Akka.Actor;
using Akka.Actor.Setup;
using Akka.Configuration;
using Akka.Remote.Transport.DotNetty;

var (trusted, other) = (Certificate("one"), Certificate("two"));
using var host = Start("host", trusted, accepts: trusted);
using var friend = Start("friend", trusted, accepts: trusted);
using var stranger = Start("stranger", other, accepts: trusted);

Console.WriteLine($"a trusted peer: {await Ask(friend)}");
Console.WriteLine($"a peer that is not listening: {await Ask(null)}");
Console.WriteLine($"after it: {await Ask(friend)}");
Console.WriteLine($"a peer that is not trusted: {await Ask(stranger)}");
var ended = await Task.WhenAny(host.WhenTerminated, Task.Delay(TimeSpan.FromSeconds(30))) == host.WhenTerminated;
var reason = CoordinatedShutdown.Get(host).ShutdownReason;
Console.WriteLine($"after it: {(ended ? "the system has ended" : "the system lives")}, {reason?.GetType().Name}, {reason?.ExitCode}");
Console.WriteLine($"the peer: {(stranger.WhenTerminated.IsCompleted ? "has ended" : "lives")}");

async Task<string> Ask(ActorSystem? peer)
{
    var address = peer is null
        ? new Address("akka.ssl.tcp", "none", "127.0.0.1", 1)
        : ((ExtendedActorSystem)peer).Provider.DefaultAddress;
    try
    {
        return await host.ActorSelection($"{address}/user/echo").Ask<string>("hello", TimeSpan.FromSeconds(5));
    }
    catch (AskTimeoutException)
    {
        return "no answer";
    }
}

static ActorSystem Start(string name, X509Certificate2 own, X509Certificate2 accepts)
{
    var config = ConfigurationFactory.ParseString("""
        akka {
          loglevel = OFF
          stdout-loglevel = OFF
          actor.provider = remote
          remote.dot-netty.tcp { hostname = "127.0.0.1", port = 0, enable-ssl = on }
          coordinated-shutdown.run-by-clr-shutdown-hook = off
        }
        """);
    var setup = BootstrapSetup.Create().WithConfig(config).And(new DotNettySslSetup(
        own, suppressValidation: false, requireMutualAuthentication: true, validateCertificateHostname: false,
        (certificate, _, _, _, _) => certificate?.Thumbprint == accepts.Thumbprint));
    var system = ActorSystem.Create(name, setup);
    system.ActorOf(Props.Create<Echo>(), "echo");
    return system;
}

static X509Certificate2 Certificate(string name)
{
    using var key = ECDsa.Create(ECCurve.NamedCurves.nistP256);
    var now = DateTimeOffset.UtcNow;
    using var made = new CertificateRequest($"CN={name}", key, HashAlgorithmName.SHA256)
        .CreateSelfSigned(now.AddDays(-1), now.AddDays(1));
    return X509CertificateLoader.LoadPkcs12(made.Export(X509ContentType.Pfx), null);
}

public sealed class Echo : UntypedActor
{
    protected override void OnReceive(object message) => Sender.Tell(message);
}
CS
seen=$(run handshake)
echo "Akka.Remote 1.5.73"
echo "$seen"
grep -qx 'a trusted peer: hello' <<< "$seen"
grep -qx 'after it: hello' <<< "$seen"
grep -qx 'a peer that is not trusted: no answer' <<< "$seen"
grep -qx 'after it: the system has ended, TlsHandshakeFailureReason, 79' <<< "$seen"
grep -qx 'the peer: lives' <<< "$seen"
