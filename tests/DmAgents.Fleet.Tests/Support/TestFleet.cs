using System.Security.Cryptography.X509Certificates;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Members;
using DmAgents.Fleet.Peers;
using DmAgents.Testing.Files;

namespace DmAgents.Fleet.Tests.Support;

/// <summary>A fleet whose authority keeps its files in memory.</summary>
public sealed class TestFleet : IDisposable
{
    public static readonly HostName First = new("first");
    public static readonly FleetPaths Paths = new("/var/lib/dmagents/fleet");

    private readonly List<IDisposable> _owned = [];

    public TestFleet(string name = "prod", Lifetimes? lifetimes = null, SetTime? time = null)
    {
        Time = time ?? new SetTime();
        Founded = FleetFounding.Ensure(
            Files, Paths, new FleetName(name), First, Time, lifetimes ?? Lifetimes.Default).Value;
        Validator = new PeerValidator(() => Authority.Trust.Current, Time);
    }

    public MemoryFiles Files { get; } = new();

    public SetTime Time { get; }

    public Founded Founded { get; }

    public FleetAuthority Authority => Founded.Authority;

    /// <summary>Trusts what the authority says at each moment.</summary>
    public PeerValidator Validator { get; }

    /// <summary>A certificate with its key for a host that the authority let in.</summary>
    public X509Certificate2 Host(string name) => Host(name, out _);

    public X509Certificate2 Host(string name, out PrivateKey key)
    {
        key = Own(PrivateKey.Make());
        var token = Authority.MakeToken(TimeSpan.FromHours(1)).Value;
        var granted = Assert.IsType<Admission.Granted>(
            Authority.Admit(token, new HostName(name), RequestOf(key, name)));
        return WithKey(granted.Certificate, key);
    }

    public X509Certificate2 WithKey(ReadOnlyMemory<byte> der, PrivateKey key)
    {
        using var certificate = X509CertificateLoader.LoadCertificate(der.Span);
        return Own(key.With(certificate));
    }

    public T Own<T>(T owned) where T : IDisposable
    {
        _owned.Add(owned);
        return owned;
    }

    public PeerVerdict Judge(X509Certificate2 certificate, string? expected = null) =>
        Validator.Judge(certificate, expected is null ? null : new HostName(expected));

    public static SigningRequest RequestOf(PrivateKey key, string host) =>
        SigningRequest.Read(key.RequestFor(new HostName(host)), out _)!;

    public static FleetOutcome<Founded> Found(IDurableFiles files, string name, string host, SetTime time) =>
        FleetFounding.Ensure(files, Paths, new FleetName(name), new HostName(host), time, Lifetimes.Default);

    public void Dispose()
    {
        foreach (var owned in _owned)
            owned.Dispose();
        Founded.Dispose();
    }
}
