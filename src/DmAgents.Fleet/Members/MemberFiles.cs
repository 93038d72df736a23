using System.Collections.Immutable;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Authority;
using DmAgents.Fleet.Certificates;
using DmAgents.Fleet.Peers;

namespace DmAgents.Fleet.Members;

/// <summary>
/// A host's own files: its key, its certificate, and what it trusts. The certificate is written last, and makes the
/// host a member. Before that there is at most a key without a certificate, which the next attempt reuses.
/// </summary>
public sealed class MemberFiles(IDurableFiles files, FleetPaths paths)
{
    /// <summary>The host's key, created if it is missing, so that a repeated attempt uses the same key.</summary>
    public FleetOutcome<PrivateKey> EnsureKey()
    {
        var read = files.Read(paths.HostKey);
        if (read.Succeeded)
        {
            return PrivateKey.TryRead(read.Value, out var known)
                ? known
                : Damaged(paths.HostKey, "it is no private key");
        }
        if (!read.FailedWith(KernelFault.NotFound))
            return Failed(read.Error);
        var key = PrivateKey.Make();
        var written = files.ReplaceSecret(paths.HostKey, key.ToPem());
        return written.Succeeded ? key : Failed(written.Error);
    }

    /// <summary>Null if the host is not a member, for example after a crash during the join.</summary>
    public FleetOutcome<Member?> Find()
    {
        var certificate = files.Read(paths.HostCertificate);
        if (certificate.FailedWith(KernelFault.NotFound))
            return (Member?)null;
        if (!certificate.Succeeded)
            return Failed(certificate.Error);
        var trust = ReadTrust();
        if (!trust.Succeeded)
            return trust.Refusal;
        var key = files.Read(paths.HostKey);
        if (!key.Succeeded)
            return Damaged(paths.HostKey, key.Error.ToString());
        return Assemble(certificate.Value, key.Value, trust.Value);
    }

    /// <summary>Makes the host a member: trust first, the certificate last.</summary>
    public KernelResult Save(FleetTrust trust, ReadOnlyMemory<byte> certificate) =>
        SaveTrust(trust).Then(() => files.Replace(paths.HostCertificate, Pem.Write([certificate])));

    /// <summary>Stores newer authorities and revocations for the next start.</summary>
    public KernelResult SaveTrust(FleetTrust trust) =>
        files.Replace(paths.Authorities, Pem.Write(trust.Authorities.Select(each => each.Der)))
            .Then(() => files.Replace(paths.Revocations, trust.Revocations.Bytes.Span));

    /// <summary>Ends the membership: deletes the certificate, then the rest. Keeps an authority's files.</summary>
    public KernelResult Remove() =>
        files.Delete(paths.HostCertificate)
            .Then(() => files.Delete(paths.HostKey))
            .Then(() => files.Delete(paths.Revocations))
            .Then(() => files.Delete(paths.Authorities));

    private FleetOutcome<FleetTrust> ReadTrust()
    {
        var bundle = files.Read(paths.Authorities);
        if (!bundle.Succeeded)
            return Damaged(paths.Authorities, bundle.Error.ToString());
        var authorities = ImmutableArray.CreateBuilder<AuthorityCertificate>();
        foreach (var der in Pem.Read(bundle.Value))
        {
            if (!AuthorityCertificate.TryRead(der, out var authority))
                return Damaged(paths.Authorities, "it has a certificate that is no fleet's authority");
            authorities.Add(authority);
        }
        var revocations = files.Read(paths.Revocations);
        if (!revocations.Succeeded)
            return Damaged(paths.Revocations, revocations.Error.ToString());
        return FleetTrust.Of(authorities.ToImmutable(), revocations.Value, out var why) is { } trust
            ? trust
            : Damaged(paths.Revocations, why);
    }

    private FleetOutcome<Member?> Assemble(byte[] certificatePem, byte[] keyPem, FleetTrust trust)
    {
        if (Pem.Read(certificatePem) is not [var der] || HostCertificate.Load(der) is not { } certificate)
            return Damaged(paths.HostCertificate, "it is no certificate");
        using (certificate)
        {
            if (!HostCertificate.TryRead(certificate, out var host) || host.FleetId != trust.Id)
                return Damaged(paths.HostCertificate, $"it is not of fleet {trust.Name} ({trust.Id})");
            if (!PrivateKey.TryRead(keyPem, out var key))
                return Damaged(paths.HostKey, "it is no private key");
            using (key)
            {
                return key.Fingerprint == host.Key
                    ? new Member(key.With(certificate), host, trust)
                    : Damaged(paths.HostKey, $"it is not the key of {paths.HostCertificate}");
            }
        }
    }

    private Refusal Failed(KernelError error) => new(
        RefusalKind.Failed, "cannot read or write the host's fleet files", paths.Directory, error.ToString(),
        "see to the file system of the agent's directory, and try again");

    private static Refusal Damaged(string path, string why) => new(
        RefusalKind.WrongState, "the host's place in the fleet cannot be read", path, why,
        "put the file back from a backup; or leave the fleet on this host, revoke it, and join again");
}
