using System.Globalization;
using System.Reflection;
using System.Runtime.CompilerServices;

namespace SafetySdk.Tests.Architecture;

/// <summary>Prints what an assembly shows to others: one member a line, sorted, with what matters to a caller.</summary>
internal sealed class PublicApi
{
    private const BindingFlags Members =
        BindingFlags.Public | BindingFlags.NonPublic | BindingFlags.Static | BindingFlags.Instance | BindingFlags.DeclaredOnly;

    private static readonly Dictionary<Type, string> Keywords = new()
    {
        [typeof(void)] = "void",
        [typeof(object)] = "object",
        [typeof(string)] = "string",
        [typeof(bool)] = "bool",
        [typeof(char)] = "char",
        [typeof(byte)] = "byte",
        [typeof(ushort)] = "ushort",
        [typeof(int)] = "int",
        [typeof(uint)] = "uint",
        [typeof(long)] = "long",
        [typeof(ulong)] = "ulong",
        [typeof(float)] = "float",
        [typeof(double)] = "double",
        [typeof(nint)] = "nint",
    };

    private readonly NullabilityInfoContext _nullability = new();

    /// <summary>The lines of an assembly.</summary>
    public static IReadOnlyList<string> Of(Assembly assembly)
    {
        var printer = new PublicApi();
        return [.. assembly.GetExportedTypes().SelectMany(printer.Lines).Order(StringComparer.Ordinal)];
    }

    private IEnumerable<string> Lines(Type type)
    {
        string name = Name(type, full: true);
        yield return $"{name} : {Declaration(type)}";
        if (type.IsEnum)
        {
            foreach (string member in Enum.GetNames(type))
            {
                long number = Convert.ToInt64(Enum.Parse(type, member), CultureInfo.InvariantCulture);
                yield return string.Create(CultureInfo.InvariantCulture, $"{name}.{member} = {number}");
            }

            yield break;
        }

        foreach (ConstructorInfo constructor in type.GetConstructors(Members).Where(Visible))
        {
            yield return $"{name}({Parameters(constructor)})";
        }

        foreach (FieldInfo field in type.GetFields(Members).Where(f => f.IsPublic))
        {
            string value = field.IsLiteral ? $" = {Literal(field.GetRawConstantValue())}" : string.Empty;
            string modifier = field.IsLiteral ? "const "
                : (field.IsStatic ? "static " : string.Empty) + (field.IsInitOnly ? "readonly " : string.Empty);
            yield return $"{name}.{field.Name} : {modifier}{Typed(field.FieldType, _nullability.Create(field))}{value}";
        }

        foreach (PropertyInfo property in type.GetProperties(Members).Where(p => p.GetAccessors(nonPublic: true).Any(Visible)))
        {
            // EqualityContract of records is the compiler's.
            if (property.Name != "EqualityContract")
            {
                yield return Property(name, property);
            }
        }

        // What the compiler writes for records follows from their constructor.
        foreach (MethodInfo method in type.GetMethods(Members)
            .Where(m => Visible(m) && !IsAccessor(m) && !m.IsDefined(typeof(CompilerGeneratedAttribute))))
        {
            string generic = method.IsGenericMethod ? $"<{string.Join(", ", method.GetGenericArguments().Select(a => a.Name))}>" : "";
            string modifier = method.IsStatic ? "static " : string.Empty;
            string returned = Typed(method.ReturnType, _nullability.Create(method.ReturnParameter));
            yield return $"{name}.{method.Name}{generic}({Parameters(method)}) : {modifier}{returned}";
        }
    }

    private string Property(string type, PropertyInfo property)
    {
        MethodInfo? setter = property.SetMethod is { } set && Visible(set) ? set : null;
        bool init = setter?.ReturnParameter.GetRequiredCustomModifiers().Contains(typeof(IsExternalInit)) == true;
        string accessors = (property.GetMethod is { } get && Visible(get) ? "get; " : string.Empty)
            + (setter is null ? string.Empty : init ? "init; " : "set; ");
        string modifiers = (property.GetAccessors(nonPublic: true)[0].IsStatic ? "static " : string.Empty)
            + (property.IsDefined(typeof(RequiredMemberAttribute)) ? "required " : string.Empty);
        string index = property.GetIndexParameters() is { Length: > 0 } parameters
            ? $"[{string.Join(", ", parameters.Select(Parameter))}]"
            : string.Empty;
        return $"{type}.{property.Name}{index} : {modifiers}{Typed(property.PropertyType, _nullability.Create(property))} {{ {accessors}}}";
    }

    private string Parameters(MethodBase method)
        => (method.IsDefined(typeof(ExtensionAttribute)) ? "this " : string.Empty)
            + string.Join(", ", method.GetParameters().Select(Parameter));

    private string Parameter(ParameterInfo parameter)
    {
        string passing = parameter.IsOut ? "out " : parameter.IsIn ? "in " : parameter.ParameterType.IsByRef ? "ref " : string.Empty;
        string value = parameter.HasDefaultValue ? $" = {Literal(parameter.RawDefaultValue)}" : string.Empty;
        return $"{passing}{Typed(parameter.ParameterType, _nullability.Create(parameter))} {parameter.Name}{value}";
    }

    private static string Declaration(Type type)
    {
        string kind = type.IsEnum ? "enum" : type.IsInterface ? "interface" : typeof(Delegate).IsAssignableFrom(type) ? "delegate"
            : type.IsValueType ? (type.IsDefined(typeof(IsReadOnlyAttribute)) ? "readonly " : "") + (type.IsByRefLike ? "ref struct" : "struct")
            : type is { IsAbstract: true, IsSealed: true } ? "static class"
            : type.IsAbstract ? "abstract class" : type.IsSealed ? "sealed class" : "class";
        IEnumerable<Type> bases = type.IsEnum ? [Enum.GetUnderlyingType(type)]
            : type.BaseType is { } b && b != typeof(object) && b != typeof(ValueType) ? [b, .. type.GetInterfaces()]
            : type.GetInterfaces();
        string inherited = string.Join(", ", bases.Select(t => Name(t, full: false)).Order(StringComparer.Ordinal));
        return inherited.Length == 0 ? kind : $"{kind} {inherited}";
    }

    private static bool Visible(MethodBase method) => method.IsPublic || method.IsFamily || method.IsFamilyOrAssembly;

    private static bool IsAccessor(MethodInfo method) => method.IsSpecialName && !method.Name.StartsWith("op_", StringComparison.Ordinal);

    private static string Typed(Type type, NullabilityInfo nullability)
    {
        bool reference = !type.IsValueType && !type.IsByRef
            && (nullability.ReadState is NullabilityState.Nullable || nullability.WriteState is NullabilityState.Nullable);
        return Name(type, full: false) + (reference ? "?" : string.Empty);
    }

    private static string Name(Type type, bool full)
    {
        if (!full && Keywords.TryGetValue(type, out string? keyword))
        {
            return keyword;
        }

        if (Nullable.GetUnderlyingType(type) is { } value)
        {
            return Name(value, full) + "?";
        }

        if (type.HasElementType)
        {
            return Name(type.GetElementType()!, full) + (type.IsArray ? "[]" : type.IsPointer ? "*" : string.Empty);
        }

        string outside = type.IsGenericParameter ? string.Empty
            : type.DeclaringType is { } outer ? $"{Name(outer, full)}."
            : full ? $"{type.Namespace}."
            : string.Empty;
        string name = outside + type.Name.Split('`')[0];
        return type.IsGenericType ? $"{name}<{string.Join(", ", type.GetGenericArguments().Select(a => Name(a, full: false)))}>" : name;
    }

    private static string Literal(object? value) => value switch
    {
        null => "default",
        string text => $"\"{text}\"",
        bool truth => truth ? "true" : "false",
        _ => Convert.ToString(value, CultureInfo.InvariantCulture)!,
    };
}
