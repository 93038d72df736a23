using System.Text;
using System.Text.RegularExpressions;
using DmAgents.Domain.Devices;
using Grpc.Core;

namespace DmAgents.Agent.Containerd;

/// <summary>The namespace of a key. containerd's metadata store puts its namespace into the keys that it sends,
/// "NAMESPACE/NUMBER/KEY"; its garbage collection sends such keys without a namespace header. A client without that
/// store names its namespace in the header <c>containerd-namespace</c>. A key of the store's form therefore belongs to
/// the namespace in it, whatever the header says.</summary>
internal static partial class SnapshotKeys
{
    /// <summary>Bytes. containerd's own keys have a few hundred at most; the journal writes each with its
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
        // Bytes that are not UTF-8 arrive as this character: two such keys could look the same.
        if (key.Contains(Replacement, StringComparison.Ordinal))
            throw SnapshotStatus.Invalid(what, key, "the key is not UTF-8");
        return Of(key, NamespaceOf(what, context));
    }

    /// <summary>A key in the namespace of this one, in the form in which containerd's metadata store would send
    /// it.</summary>
    /// <param name="name">The key's name without namespace and number.</param>
    public static DeviceKey Beside(DeviceKey key, string name)
    {
        var store = StoreForm().Match(key.Name);
        // The form ends with the key's first character.
        var before = store.Success ? key.Name[..(store.Length - 1)] : "";
        return DeviceKey.Containerd(key.ContainerdNamespace ?? Default, before + name);
    }

    /// <summary>Whether the key alone identifies the snapshot in a call without a namespace. If the garbage collector
    /// gets any other snapshot, it cannot remove it, and stops there.</summary>
    public static bool IsKnownByKeyAlone(DeviceKey key) => Of(key.Name, containerdNamespace: null) == key;

    private static DeviceKey Of(string key, string? containerdNamespace)
    {
        var owner = StoreForm().Match(key);
        return DeviceKey.Containerd(owner.Success ? owner.Groups[1].Value : containerdNamespace ?? Default, key);
    }

    /// <summary>The namespace that the call names; null: it names none, and means all.</summary>
    public static string? NamespaceOf(string what, ServerCallContext context)
    {
        if (context.RequestHeaders.GetValue(Header) is not { Length: > 0 } name)
            return null;
        return Form().IsMatch(name)
            ? name
            : throw SnapshotStatus.Invalid(what, name, "it is not the name of a containerd namespace");
    }

    /// <summary>containerd's pkg/identifiers: at most 76 characters, parts of letters and digits joined by . _ or
    /// -.</summary>
    [GeneratedRegex(@"\A(?=.{1,76}\z)[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*\z", RegexOptions.Singleline)]
    private static partial Regex Form();

    [GeneratedRegex(@"\A((?=[^/]{1,76}/)[A-Za-z0-9]+(?:[._-][A-Za-z0-9]+)*)/[0-9]+/.", RegexOptions.Singleline)]
    private static partial Regex StoreForm();
}
