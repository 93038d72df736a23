using System.Text;
using System.Text.RegularExpressions;
using DmAgents.Domain.Devices;
using Grpc.Core;

namespace DmAgents.Agent.Containerd;

/// <summary>
/// Whose a key is. containerd's metadata store puts its namespace into the keys that it sends, "NAMESPACE/NUMBER/KEY",
/// and its garbage collection sends them with no namespace beside; a client without that store says it in the header
/// <c>containerd-namespace</c>. So a key of the store's form is its namespace's, whatever the header says.
/// </summary>
internal static partial class SnapshotKeys
{
    /// <summary>Bytes. containerd's own keys have some hundreds at most; the journal writes each with its
    /// event.</summary>
    public const int MaxKey = 4096;

    private const string Header = "containerd-namespace";
    private const string Default = "default";
    private const char Replacement = '\uFFFD';

    /// <exception cref="RpcException">InvalidArgument: empty, too long, or not UTF-8.</exception>
    public static DeviceKey Of(string what, string key, ServerCallContext context)
    {
        if (key.Length == 0)
            throw SnapshotStatus.Invalid(what, "snapshot", "the key is empty");
        if (Encoding.UTF8.GetByteCount(key) > MaxKey)
            throw SnapshotStatus.Invalid(what, key[..64] + "…", $"the key is longer than {MaxKey} bytes");
        // What was no UTF-8 on the wire has become this: two such keys could look the same.
        if (key.Contains(Replacement, StringComparison.Ordinal))
            throw SnapshotStatus.Invalid(what, key, "the key is not UTF-8");
        return Of(key, NamespaceOf(what, context));
    }

    /// <summary>A key beside this one: of its namespace, and in the form in which containerd's metadata store would
    /// send it.</summary>
    /// <param name="name">What it is called without namespace and number.</param>
    public static DeviceKey Beside(DeviceKey key, string name)
    {
        var store = StoreForm().Match(key.Name);
        // The form ends with the key's first character.
        var before = store.Success ? key.Name[..(store.Length - 1)] : "";
        return DeviceKey.Containerd(key.ContainerdNamespace ?? Default, before + name);
    }

    /// <summary>Whether a call that names no namespace means this snapshot by its key: a collector that is told of any
    /// other could not remove it, and would end there.</summary>
    public static bool IsKnownByKeyAlone(DeviceKey key) => Of(key.Name, containerdNamespace: null) == key;

    private static DeviceKey Of(string key, string? containerdNamespace)
    {
        var owner = StoreForm().Match(key);
        return DeviceKey.Containerd(owner.Success ? owner.Groups[1].Value : containerdNamespace ?? Default, key);
    }

    /// <summary>The namespace that the call is about; null: it names none, and means all.</summary>
    public static string? NamespaceOf(string what, ServerCallContext context)
    {
        if (context.RequestHeaders.GetValue(Header) is not { Length: > 0 } name)
            return null;
        return Form().IsMatch(name)
            ? name
            : throw SnapshotStatus.Invalid(what, name, "it is not the name of a containerd namespace");
    }

    /// <summary>containerd's pkg/identifiers: at most 76 characters, parts of letters and digits joined by . _ or -.
    /// </summary>
    [GeneratedRegex(@"\A(?=.{1,76}\z)[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*\z", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex(@"\A((?=[^/]{1,76}/)[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*)/[0-9]+/.", RegexOptions.Singleline)]
    private static partial Regex StoreForm();
}
