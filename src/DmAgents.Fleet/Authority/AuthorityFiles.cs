using System.Diagnostics.CodeAnalysis;
using System.Security.Cryptography;
using System.Text;
using DmAgents.Domain.Fleet;
using DmAgents.Domain.Pools;
using DmAgents.Domain.Ports;
using DmAgents.Fleet.Certificates;

namespace DmAgents.Fleet.Authority;

/// <summary>
/// Creates and reads an authority's files. They are written in this order: the document (which fixes the fleet's id),
/// the key, the certificate. A fleet exists once it has its certificate. Before that, nothing has left this host. So
/// after a crash the same call completes the fleet, and a call with another name starts over.
/// </summary>
internal sealed class AuthorityFiles(IDurableFiles files, FleetPaths paths)
{
    /// <summary>The authority of the fleet of this name, created if there is none.</summary>
    public FleetOutcome<AuthorityMaterial> Ensure(FleetName name, DateTimeOffset now, Lifetimes lifetimes)
    {
        var certificate = ReadCertificate();
        if (!certificate.Succeeded)
            return certificate.Refusal;
        if (certificate.Value is { } made)
        {
            return made.FleetName == name
                ? Open(made)
                : new Refusal(
                    RefusalKind.Exists, "cannot make the fleet", name.Value,
                    $"this host made fleet {made.FleetName} ({made.FleetId})",
                    "a host makes one fleet; leave that one first");
        }
        var state = EnsureState(name);
        if (!state.Succeeded)
            return state.Refusal;
        var key = EnsureKey();
        if (!key.Succeeded)
            return key.Refusal;
        var authority = AuthorityCertificate.Make(key.Value, name, state.Value.Id, now, lifetimes);
        var written = files.Replace(paths.AuthorityCertificate, Pem.Write([authority.Der]));
        return written.Succeeded
            ? new AuthorityMaterial(authority, key.Value, state.Value)
            : Failed(written.Error);
    }

    /// <summary>This host's authority; null if it has none, or an incomplete one.</summary>
    public FleetOutcome<AuthorityMaterial?> Find()
    {
        var certificate = ReadCertificate();
        if (!certificate.Succeeded)
            return certificate.Refusal;
        if (certificate.Value is not { } made)
            return (AuthorityMaterial?)null;
        var opened = Open(made);
        return opened.Succeeded ? opened.Value : opened.Refusal;
    }

    public KernelResult Write(AuthorityState state) =>
        files.ReplaceSecret(paths.AuthorityDocument, AuthorityDocument.Write(state));

    private FleetOutcome<AuthorityMaterial> Open(AuthorityCertificate certificate)
    {
        var key = files.Read(paths.AuthorityKey);
        if (!key.Succeeded)
            return Damaged(paths.AuthorityKey, key.Error.ToString());
        if (!PrivateKey.TryRead(key.Value, out var read))
            return Damaged(paths.AuthorityKey, "it is no private key");
        if (read.Fingerprint != Keys.FingerprintOf(certificate.Certificate.PublicKey))
            return Damaged(paths.AuthorityKey, $"it is not the key of {paths.AuthorityCertificate}");
        var document = files.Read(paths.AuthorityDocument);
        if (!document.Succeeded)
            return Damaged(paths.AuthorityDocument, document.Error.ToString());
        if (AuthorityDocument.Read(document.Value, out var why) is not { } state)
            return Damaged(paths.AuthorityDocument, why);
        return (state.Id, state.Name) == (certificate.FleetId, certificate.FleetName)
            ? new AuthorityMaterial(certificate, read, state)
            : Damaged(paths.AuthorityDocument, $"it is of fleet {state.Name} ({state.Id})");
    }

    private FleetOutcome<AuthorityCertificate?> ReadCertificate()
    {
        var read = files.Read(paths.AuthorityCertificate);
        if (read.FailedWith(KernelFault.NotFound))
            return (AuthorityCertificate?)null;
        if (!read.Succeeded)
            return Failed(read.Error);
        return Pem.Read(read.Value) is [var der] && AuthorityCertificate.TryRead(der, out var certificate)
            ? certificate
            : Damaged(paths.AuthorityCertificate, "it is no authority's certificate");
    }

    /// <remarks>Files are replaced atomically, so a crash cannot leave an unreadable one. A document with any record
    /// belongs to an authority that lost its certificate. A new authority would forget what the old one
    /// revoked.</remarks>
    private FleetOutcome<AuthorityState> EnsureState(FleetName name)
    {
        var read = files.Read(paths.AuthorityDocument);
        if (!read.Succeeded && !read.FailedWith(KernelFault.NotFound))
            return Failed(read.Error);
        if (read.Succeeded)
        {
            if (AuthorityDocument.Read(read.Value, out var why) is not { } begun)
                return Damaged(paths.AuthorityDocument, why);
            if (begun.HasBeenUsed)
            {
                return Damaged(paths.AuthorityCertificate,
                    $"it is missing, and {paths.AuthorityDocument} is of fleet {begun.Name} ({begun.Id})");
            }
            if (begun.Name == name)
                return begun;
        }
        var state = AuthorityState.New(name, new FleetId(Guid.NewGuid()));
        var written = Write(state);
        return written.Succeeded ? state : Failed(written.Error);
    }

    private FleetOutcome<PrivateKey> EnsureKey()
    {
        var read = files.Read(paths.AuthorityKey);
        if (!read.Succeeded && !read.FailedWith(KernelFault.NotFound))
            return Failed(read.Error);
        if (read.Succeeded)
        {
            return PrivateKey.TryRead(read.Value, out var begun)
                ? begun
                : Damaged(paths.AuthorityKey, "it is no private key");
        }
        var key = PrivateKey.Make();
        var written = files.ReplaceSecret(paths.AuthorityKey, key.ToPem());
        return written.Succeeded ? key : Failed(written.Error);
    }

    private Refusal Failed(KernelError error) => new(
        RefusalKind.Failed, "cannot read or write the fleet's files", paths.Directory, error.ToString(),
        "see to the file system of the agent's directory, and try again");

    private static Refusal Damaged(string path, string why) => new(
        RefusalKind.WrongState, "the fleet's authority cannot be used", path, why,
        "put the file back from a backup; the fleet continues without its authority, but no host can join or renew");
}

/// <summary>An authority with its key and its state.</summary>
internal sealed record AuthorityMaterial(AuthorityCertificate Certificate, PrivateKey Key, AuthorityState State);

/// <summary>Certificates as PEM, one after the other.</summary>
internal static class Pem
{
    private const string Label = "CERTIFICATE";

    public static byte[] Write(IEnumerable<ReadOnlyMemory<byte>> certificates) => Encoding.ASCII.GetBytes(
        string.Concat(certificates.Select(der => PemEncoding.WriteString(Label, der.Span) + "\n")));

    /// <summary>Empty if any part of it is not a certificate.</summary>
    [SuppressMessage("Performance", "CA1859", Justification = "callers match on the list")]
    public static IReadOnlyList<byte[]> Read(ReadOnlySpan<byte> pem)
    {
        var text = Encoding.ASCII.GetString(pem).AsSpan();
        var found = new List<byte[]>();
        while (PemEncoding.TryFind(text, out var fields))
        {
            if (!text[fields.Label].SequenceEqual(Label))
                return [];
            found.Add(Convert.FromBase64String(text[fields.Base64Data].ToString()));
            text = text[fields.Location.End..];
        }
        return found;
    }
}
